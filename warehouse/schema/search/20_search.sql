-- Full text: the passages that hold words of the query, best first. BM25 (Robertson and Zaragoza 2009) with k1 = 1.2 and b = 0.75; the weight of
-- a word in a passage is in search_postings.
CREATE MACRO search(query, most := 20) AS TABLE
WITH wanted AS (SELECT DISTINCT unnest(search_tokens(query)) AS term),
found AS (
    SELECT o.passage_no, round(sum(t.idf * o.weight), 4) AS score
    FROM wanted w JOIN search_terms t ON t.term = w.term JOIN search_postings o ON o.term_no = t.term_no
    GROUP BY o.passage_no
),
best AS (SELECT * FROM found QUALIFY row_number() OVER (ORDER BY score DESC, passage_no) <= most)
SELECT row_number() OVER (ORDER BY f.score DESC, s.passage_no) AS rank, f.score, p.passage_id, p.document_id, d.igo, d.country_iso3, d.published,
    d.symbol, p.page_first, p.para_no, array_to_string(p.heading_path, ' > ') AS heading, p.text, p.is_duplicate
FROM best f JOIN search_passages s ON s.passage_no = f.passage_no
JOIN passages p ON p.passage_id = s.passage_id JOIN documents d ON d.document_id = p.document_id
ORDER BY rank;
