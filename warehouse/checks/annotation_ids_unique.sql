SELECT annotation_id, count(*) AS n FROM annotations GROUP BY annotation_id HAVING count(*) > 1
