SELECT place, value FROM (
    SELECT passage_id AS place, quality AS value FROM passages
    UNION ALL SELECT document_id || ' page ' || page, unnest([quality, coverage, alphabetic, lexical, continuity]) FROM pages
) WHERE isnan(value) OR value < 0 OR value > 1
