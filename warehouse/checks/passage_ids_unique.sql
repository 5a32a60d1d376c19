SELECT passage_id, count(*) AS n FROM passages GROUP BY passage_id HAVING count(*) > 1
