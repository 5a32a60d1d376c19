SELECT document_id, min(ordinal) AS first, max(ordinal) AS last, count(*) AS n FROM passages GROUP BY document_id
HAVING min(ordinal) NOT IN (0, 1) OR max(ordinal) - min(ordinal) + 1 <> count(*) OR count(DISTINCT ordinal) <> count(*)
