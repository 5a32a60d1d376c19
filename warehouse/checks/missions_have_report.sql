SELECT mission_id, report_document_id FROM missions m
WHERE NOT EXISTS (FROM documents d WHERE d.document_id = m.report_document_id AND d.mission_id = m.mission_id)
