SELECT passage_id, document_id FROM passages p WHERE NOT EXISTS (FROM extractions e WHERE e.document_id = p.document_id)
