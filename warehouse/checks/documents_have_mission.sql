SELECT document_id, mission_id FROM documents d
WHERE mission_id IS NOT NULL AND NOT EXISTS (FROM missions m WHERE m.mission_id = d.mission_id)
