-- How each source fares: its last run, what it has given, and what stands open.
CREATE VIEW source_status AS
WITH last_run AS (
    SELECT * FROM source_runs QUALIFY row_number() OVER (PARTITION BY source_id ORDER BY started_at DESC, run_id DESC) = 1
), given AS (
    SELECT source_id,
        count(*) FILTER (withdrawn_at IS NULL) AS records,
        count(*) FILTER (withdrawn_at IS NOT NULL) AS withdrawn,
        count(*) FILTER (document_id IS NOT NULL) AS with_document,
        count(*) FILTER (is_remote AND withdrawn_at IS NULL AND fetched_version IS DISTINCT FROM version) AS to_fetch,
        max(first_seen_at) AS newest_at
    FROM records GROUP BY source_id
), undecided AS (
    SELECT source_id, count(*) AS signals FROM source_signals GROUP BY source_id
)
SELECT s.source_id, s.name, l.status, l.detail, l.started_at AS last_run_at, l.run_id, g.newest_at,
    coalesce(g.records, 0) AS records, coalesce(g.with_document, 0) AS with_document, coalesce(g.to_fetch, 0) AS to_fetch,
    coalesce(g.withdrawn, 0) AS withdrawn, l.n_new, l.n_changed, l.n_requests, l.n_file_requests, l.n_conditional, l.n_not_modified,
    l.n_refused / nullif(l.n_requests, 0) AS refused_share, l.n_errors / nullif(l.n_requests, 0) AS error_share,
    l.n_empty / nullif(l.n_requests, 0) AS empty_share, coalesce(u.signals, 0) AS signals
FROM sources s
LEFT JOIN last_run l USING (source_id)
LEFT JOIN given g USING (source_id)
LEFT JOIN undecided u USING (source_id);
