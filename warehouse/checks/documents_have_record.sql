SELECT document_id, record_id FROM documents d
WHERE NOT EXISTS (FROM records r WHERE r.record_id = d.record_id AND r.document_id = d.document_id AND r.is_primary)
