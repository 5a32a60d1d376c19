-- How to quote a passage: citation('...') gives symbol or title, paragraph, page, address and the day the file was fetched.
CREATE MACRO citation(wanted) AS (
    SELECT concat_ws(', ',
        coalesce(d.symbol, d.title, d.document_id),
        CASE WHEN d.symbol IS NOT NULL THEN d.title END,
        'para. ' || p.para_no,
        CASE WHEN p.page_last > p.page_first THEN 'pp. ' || p.page_first || '-' || p.page_last ELSE 'p. ' || p.page_first END,
        coalesce(d.url, f.url),
        'fetched ' || strftime(f.fetched_at, '%Y-%m-%d'))
    FROM passages p
    JOIN documents d ON d.document_id = p.document_id
    LEFT JOIN files f ON f.file_sha256 = d.file_sha256
    WHERE p.passage_id = wanted
    LIMIT 1
);
