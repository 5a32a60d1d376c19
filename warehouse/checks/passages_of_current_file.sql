SELECT p.passage_id, p.document_id FROM passages p LEFT JOIN documents d ON d.document_id = p.document_id
LEFT JOIN extractions e ON e.document_id = p.document_id
WHERE e.document_id IS NULL
