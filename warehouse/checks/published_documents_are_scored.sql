SELECT d.document_id FROM documents d JOIN document_states s ON s.record_id = d.record_id AND s.state = 'published'
WHERE NOT EXISTS (FROM scores c WHERE c.document_id = d.document_id)
  AND EXISTS (FROM models m WHERE m.model_version = s.detail AND m.state = 'promoted')
