SELECT sample_id, passage_id, inclusion_probability FROM samples WHERE inclusion_probability <= 0 OR inclusion_probability > 1
