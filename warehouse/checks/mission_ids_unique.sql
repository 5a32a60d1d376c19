SELECT mission_id, count(*) AS n FROM missions GROUP BY mission_id HAVING count(*) > 1
