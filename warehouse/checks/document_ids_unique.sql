SELECT document_id, count(*) AS n FROM documents GROUP BY document_id HAVING count(*) > 1
