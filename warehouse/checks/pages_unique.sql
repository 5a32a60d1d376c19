SELECT document_id, page, count(*) AS n FROM pages GROUP BY document_id, page HAVING count(*) > 1
