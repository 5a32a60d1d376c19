SELECT document_id, min(page) AS first, max(page) AS last, count(*) AS n FROM pages GROUP BY document_id
HAVING min(page) <> 1 OR max(page) <> count(*)
