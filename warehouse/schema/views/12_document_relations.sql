-- All records of a document: who says so, under which key, where the file is, and which record stands for it.
CREATE VIEW document_provenance AS
SELECT r.document_id, r.record_id, r.source_id, r.record_key, r.is_primary, r.metadata->>'$.url' AS url, r.file_sha256,
    f.url AS file_url, f.source_id AS file_source_id, f.fetched_at, r.first_seen_at, r.changed_at, r.withdrawn_at
FROM records r LEFT JOIN files f USING (file_sha256)
WHERE r.document_id IS NOT NULL;
-- What stands for no symbol relates nothing, and an unknown language is not another one.
-- Which document is a corrigendum, an addendum, a revision or another language version of which other one; by symbol and by what sources say.
CREATE VIEW document_relations AS
WITH keyed AS (
    SELECT document_id, igo, language, upper(regexp_replace(regexp_replace(trim(symbol), '\s+', ' ', 'g'), '\s*/\s*', '/', 'g')) AS symbol_key
    FROM documents WHERE upper(trim(symbol)) NOT IN ('', '-', 'N/A', 'NA', 'NONE', 'UNKNOWN')
), parts AS (
    SELECT *, regexp_extract(symbol_key, '^(.*?)[ /]*\(?(CORR|ADD|REV)\.?\s*[0-9]*\)?$', 1) AS base,
        regexp_extract(symbol_key, '^(.*?)[ /]*\(?(CORR|ADD|REV)\.?\s*[0-9]*\)?$', 2) AS suffix
    FROM keyed
)
SELECT a.document_id, CASE a.suffix WHEN 'CORR' THEN 'corrigendum_of' WHEN 'ADD' THEN 'addendum_of' ELSE 'revision_of' END AS relation,
    b.document_id AS other_document_id
FROM parts a JOIN keyed b ON b.symbol_key = a.base AND b.igo IS NOT DISTINCT FROM a.igo AND b.language IS NOT DISTINCT FROM a.language AND b.document_id <> a.document_id
WHERE a.base <> ''
UNION ALL
SELECT a.document_id, 'language_version_of', b.document_id
FROM keyed a JOIN keyed b ON a.symbol_key = b.symbol_key AND a.igo IS NOT DISTINCT FROM b.igo AND a.language <> b.language
UNION ALL
SELECT DISTINCT r.document_id, q.kind, k.document_id
FROM record_relations q JOIN records r USING (record_id)
JOIN keyed k ON k.symbol_key = upper(regexp_replace(regexp_replace(trim(q.symbol), '\s+', ' ', 'g'), '\s*/\s*', '/', 'g'))
WHERE r.document_id IS NOT NULL AND k.document_id <> r.document_id;
