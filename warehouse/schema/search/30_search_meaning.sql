-- requires: meaning
-- By meaning: the passages whose words mean what the words of the query mean, best first: the cosine between the query's vector and the passage's,
-- each the sum of its words' vectors weighted by how rare the words are.
CREATE MACRO search_meaning(query, most := 20) AS TABLE
WITH wanted AS (SELECT unnest(search_tokens(query)) AS term),
parts AS (
    SELECT r.place, sum(t.idf * t.vector[r.place]) AS value
    FROM wanted w JOIN search_terms t ON t.term = w.term CROSS JOIN (SELECT unnest(range(1, 65)) AS place) r
    WHERE t.vector IS NOT NULL GROUP BY r.place
),
asked AS (SELECT list(value ORDER BY place)::FLOAT[64] AS vector FROM parts HAVING sum(value * value) > 0),
found AS (
    SELECT s.passage_no, round(array_cosine_similarity(s.vector, a.vector)::DOUBLE, 4) AS score
    FROM search_passages s CROSS JOIN asked a WHERE s.vector IS NOT NULL
),
best AS (SELECT * FROM found QUALIFY row_number() OVER (ORDER BY score DESC, passage_no) <= most)
SELECT row_number() OVER (ORDER BY f.score DESC, s.passage_no) AS rank, f.score, p.passage_id, p.document_id, d.igo, d.country_iso3, d.published,
    d.symbol, p.page_first, p.para_no, array_to_string(p.heading_path, ' > ') AS heading, p.text, p.is_duplicate
FROM best f JOIN search_passages s ON s.passage_no = f.passage_no
JOIN passages p ON p.passage_id = s.passage_id JOIN documents d ON d.document_id = p.document_id
ORDER BY rank;
