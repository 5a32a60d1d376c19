-- Only dimensions of the codebook: a coder's confidence and second choice are the coder's own.
-- What coders differ on, with what each said: one row a passage and dimension, until it is adjudicated. A derived dimension (stance) leaves
-- the queue with the dimensions that it is derived from. Codes of another major version than the present codebook's are not asked about:
-- a decision would stand alone under the present one; they are in codes_to_redo.
CREATE VIEW adjudication_queue AS
WITH codes AS (
    SELECT * FROM (
        SELECT a.*, TRY_CAST(split_part(codebook_version, '.', 1) AS INTEGER) AS major FROM annotations a
        WHERE value IS NOT NULL AND status <> 'adjudicated'
    )
    QUALIFY major IS NOT DISTINCT FROM max(major) OVER (PARTITION BY passage_id)
        AND row_number() OVER (PARTITION BY passage_id, dimension, coder, major ORDER BY coded_at DESC, annotation_id DESC) = 1
)
SELECT s.passage_id, s.dimension, any_value(p.document_id) AS document_id, s.codebook_version, s.n_coders,
    list({'coder': c.coder, 'value': c.value, 'note': c.note} ORDER BY c.coder) AS codes,
    bool_or(g.passage_id IS NOT NULL) AS is_gold, any_value(array_to_string(p.heading_path, ' > ')) AS heading, any_value(p.text) AS text
FROM settled_codes s
JOIN codes c ON c.passage_id = s.passage_id AND c.dimension = s.dimension
LEFT JOIN passages p ON p.passage_id = s.passage_id
LEFT JOIN (SELECT DISTINCT passage_id FROM samples WHERE purpose = 'gold') g ON g.passage_id = s.passage_id
WHERE s.settled_by = 'open' AND EXISTS (
    SELECT 1 FROM codebook_dimensions d
    WHERE d.dimension = s.dimension AND split_part(d.codebook_version, '.', 1) = split_part(s.codebook_version, '.', 1)
)
GROUP BY s.passage_id, s.dimension, s.codebook_version, s.n_coders;
