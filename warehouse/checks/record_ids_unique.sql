SELECT record_id, count(*) AS n FROM records GROUP BY record_id HAVING count(*) > 1
