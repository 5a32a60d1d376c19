-- warns
-- A better reading of a file gives other passages; codes are never taken away with the old ones.
SELECT annotation_id, passage_id FROM annotations a WHERE NOT EXISTS (FROM passages p WHERE p.passage_id = a.passage_id)
