SELECT passage_id, document_id FROM passages p WHERE NOT EXISTS (FROM documents d WHERE d.document_id = p.document_id)
