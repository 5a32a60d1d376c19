SELECT passage_id, model_version, count(*) AS n FROM scores GROUP BY passage_id, model_version HAVING count(*) > 1
