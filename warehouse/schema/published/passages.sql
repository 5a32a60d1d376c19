-- The passages of a published database: those that say again what an earlier document of the organization said are marked, with what they
-- repeat. Earlier is earlier published (unknown dates come last), then by document_id, then by place in the document, so that the order of
-- loading changes nothing. A report on one country repeats no report on another; documents of no single country may repeat either.
-- Sketches hold the eight smallest hashes of a text's runs of words; near-duplicates share seven of them, shorter sketches have to be the same.
WITH coded AS (
    SELECT p.passage_id, p.sketch, d.igo, d.country_iso3 AS country,
        row_number() OVER (ORDER BY coalesce(d.published, DATE '9999-12-31'), p.document_id, p.ordinal, p.passage_id) AS place
    FROM passages p JOIN documents d USING (document_id)
    WHERE p.is_codable AND len(p.sketch) > 0 AND d.igo IS NOT NULL
),
firsts AS (SELECT igo, country, sketch, min(place) AS place FROM coded GROUP BY igo, country, sketch),
sketches AS (SELECT DISTINCT igo, sketch FROM coded),
-- Two sketches that share seven of eight values share two of their first four: only such pairs are compared.
banded AS (
    SELECT igo, sketch, unnest([
        [sketch[1], sketch[2]], [sketch[1], sketch[3]], [sketch[1], sketch[4]],
        [sketch[2], sketch[3]], [sketch[2], sketch[4]], [sketch[3], sketch[4]]
    ]) AS band
    FROM sketches WHERE len(sketch) = 8
),
alike AS (
    SELECT DISTINCT a.igo, a.sketch AS one, b.sketch AS other
    FROM banded a JOIN banded b ON a.igo = b.igo AND a.band = b.band
    WHERE a.sketch <> b.sketch AND len(list_intersect(a.sketch, b.sketch)) >= 7
    UNION ALL
    SELECT igo, sketch, sketch FROM sketches
),
repeats AS (
    SELECT c.passage_id, min(f.place) AS place
    FROM coded c
    JOIN alike a ON a.igo = c.igo AND a.one = c.sketch
    JOIN firsts f ON f.igo = c.igo AND f.sketch = a.other
    WHERE f.place < c.place AND (f.country = c.country OR f.country IS NULL OR c.country IS NULL)
    GROUP BY c.passage_id
)
SELECT p.* REPLACE (p.is_duplicate OR r.place IS NOT NULL AS is_duplicate), first.passage_id AS duplicate_of
FROM passages p LEFT JOIN repeats r USING (passage_id) LEFT JOIN coded first ON first.place = r.place
ORDER BY p.document_id, p.ordinal, p.passage_id
