SELECT passage_id, model_version FROM scores s
WHERE NOT EXISTS (FROM models m WHERE m.model_version = s.model_version AND m.state = 'promoted')
