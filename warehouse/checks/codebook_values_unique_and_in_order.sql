SELECT dimension, count(*) AS n FROM codebook_categories GROUP BY dimension
HAVING count(DISTINCT category) <> count(*) OR count(DISTINCT ordinal) <> count(*) OR max(ordinal) - min(ordinal) + 1 <> count(*)
UNION ALL
SELECT dimension, count(*) FROM codebook_dimensions GROUP BY dimension HAVING count(*) > 1
