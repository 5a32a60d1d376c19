-- Codes of an earlier major version of the codebook for which there is none of the present one, by the same coder or by adjudication: a map
-- of versions did not move them, or none was applied.
CREATE VIEW codes_to_redo AS
WITH present AS (
    SELECT max(TRY_CAST(split_part(codebook_version, '.', 1) AS INTEGER)) AS major FROM codebook_dimensions
), versioned AS (
    SELECT a.*, TRY_CAST(split_part(codebook_version, '.', 1) AS INTEGER) AS major FROM annotations a WHERE value IS NOT NULL
)
SELECT v.passage_id, v.document_id, v.coder, v.dimension, v.value, v.codebook_version, v.status, v.annotation_id
FROM versioned v, present
WHERE v.major < present.major AND NOT EXISTS (
    SELECT 1 FROM versioned n
    WHERE n.passage_id = v.passage_id AND n.major = present.major
        AND (n.derived_from = v.annotation_id OR (n.dimension = v.dimension AND (n.coder = v.coder OR n.status = 'adjudicated')))
);
