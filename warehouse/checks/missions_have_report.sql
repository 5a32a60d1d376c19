SELECT mission_id, report_document_id FROM missions m
WHERE report_document_id IS NOT NULL AND NOT EXISTS (FROM documents d WHERE d.document_id = m.report_document_id AND d.mission_id = m.mission_id)
