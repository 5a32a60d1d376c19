SELECT sample_id, passage_id, count(*) AS n FROM samples GROUP BY sample_id, passage_id HAVING count(*) > 1
