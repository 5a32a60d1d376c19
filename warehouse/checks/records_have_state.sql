SELECT record_id FROM records r WHERE NOT EXISTS (FROM document_events e WHERE e.record_id = r.record_id)
