-- Codes by another version of the codebook are judged by that version, not here. Several values are written a;b.
SELECT annotation_id, passage_id, dimension, value FROM (
    SELECT a.annotation_id, a.passage_id, a.dimension, a.value, trim(unnest(string_split(a.value, ';'))) AS one
    FROM annotations a JOIN codebook_dimensions d ON d.dimension = a.dimension AND d.codebook_version = a.codebook_version
    WHERE a.status = 'adjudicated' AND a.value <> ''
) g WHERE NOT EXISTS (FROM codebook_categories c WHERE c.dimension = g.dimension AND c.category = g.one)
