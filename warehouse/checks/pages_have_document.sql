SELECT document_id, page FROM pages p WHERE NOT EXISTS (FROM documents d WHERE d.document_id = p.document_id)
