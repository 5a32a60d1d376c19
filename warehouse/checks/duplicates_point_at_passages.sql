SELECT passage_id, duplicate_of, is_duplicate FROM passages p
WHERE duplicate_of IS NOT NULL AND (NOT is_duplicate OR duplicate_of = passage_id
    OR NOT EXISTS (FROM passages o WHERE o.passage_id = p.duplicate_of AND o.is_codable))
