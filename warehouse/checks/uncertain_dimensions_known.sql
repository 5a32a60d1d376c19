SELECT DISTINCT passage_id, one FROM (SELECT passage_id, unnest(uncertain) AS one FROM scores)
WHERE one NOT IN (SELECT dimension FROM codebook_dimensions)
