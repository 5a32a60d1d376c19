-- requires: stage realization
SELECT passage_id, stage, realization FROM scores WHERE (stage = 'none') <> (realization = 'not_applicable')
