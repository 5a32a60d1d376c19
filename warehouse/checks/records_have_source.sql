SELECT record_id, source_id FROM records r WHERE NOT EXISTS (FROM sources s WHERE s.source_id = r.source_id)
