CREATE VIEW document_states AS
SELECT r.record_id, r.source_id, r.document_id, r.is_primary, e.state, e.reason, e.detail, e.happened_at, e.run_id
FROM records r
JOIN (SELECT * FROM document_events QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY event_no DESC) = 1) e USING (record_id);
