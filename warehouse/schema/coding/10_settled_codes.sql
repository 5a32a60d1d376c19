-- The code that stands for each passage and dimension, of the latest major version of the codebook that the passage was coded under:
-- the latest adjudicated one; else the one that two or more coders gave alike; open where they differ; single where one coder coded.
-- Nothing is overwritten: a coder's latest code counts, adjudication stands above it, and all stay in annotations.
CREATE VIEW settled_codes AS
WITH versioned AS (
    SELECT a.*, TRY_CAST(split_part(codebook_version, '.', 1) AS INTEGER) AS major FROM annotations a WHERE value IS NOT NULL
), present AS (
    SELECT * FROM versioned QUALIFY major IS NOT DISTINCT FROM max(major) OVER (PARTITION BY passage_id)
), latest AS (
    SELECT * FROM present
    QUALIFY row_number() OVER (PARTITION BY passage_id, dimension, coder, status = 'adjudicated' ORDER BY coded_at DESC, annotation_id DESC) = 1
), decided AS (
    SELECT * FROM latest WHERE status = 'adjudicated'
    QUALIFY row_number() OVER (PARTITION BY passage_id, dimension ORDER BY coded_at DESC, annotation_id DESC) = 1
), coded AS (
    SELECT l.passage_id, l.dimension, count(DISTINCT l.coder) AS n_coders, count(DISTINCT l.value) AS n_values, min(l.value) AS value,
        max(l.codebook_version) AS codebook_version, list_sort(list(DISTINCT coalesce(c.kind, 'not said'))) AS coder_kinds
    FROM latest l LEFT JOIN coders c USING (coder) WHERE l.status <> 'adjudicated' GROUP BY l.passage_id, l.dimension
)
SELECT coalesce(d.passage_id, c.passage_id) AS passage_id, coalesce(d.dimension, c.dimension) AS dimension,
    CASE WHEN d.passage_id IS NOT NULL THEN d.value WHEN c.n_values = 1 THEN c.value END AS value,
    CASE WHEN d.passage_id IS NOT NULL THEN 'adjudicated' WHEN c.n_values > 1 THEN 'open' WHEN c.n_coders > 1 THEN 'agreed' ELSE 'single' END
        AS settled_by,
    coalesce(c.n_coders, 0) AS n_coders, coalesce(d.codebook_version, c.codebook_version) AS codebook_version,
    CASE WHEN d.passage_id IS NOT NULL THEN [coalesce(k.kind, 'not said')] ELSE c.coder_kinds END AS coder_kinds
FROM decided d FULL JOIN coded c ON c.passage_id = d.passage_id AND c.dimension = d.dimension
LEFT JOIN coders k ON k.coder = d.coder;
