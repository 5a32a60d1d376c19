SELECT sample_id, passage_id, inclusion_probability FROM samples
WHERE inclusion_probability <= 0 OR inclusion_probability > 1 OR (purpose = 'gold' AND inclusion_probability IS NULL)
UNION ALL SELECT sample_id, passage_id, inclusion_probability FROM sample_frame_units
WHERE inclusion_probability <= 0 OR inclusion_probability > 1 OR inclusion_probability IS NULL
