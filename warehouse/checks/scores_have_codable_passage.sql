SELECT s.passage_id, s.document_id FROM scores s
WHERE NOT EXISTS (FROM passages p WHERE p.passage_id = s.passage_id AND p.document_id = s.document_id AND p.is_codable)
