-- warns
-- A better reading of a file gives other passages; what was drawn is then still to be found by its text.
SELECT sample_id, passage_id FROM samples s WHERE NOT EXISTS (FROM passages p WHERE p.passage_id = s.passage_id)
