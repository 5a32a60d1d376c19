SELECT e.document_id, e.n_pages, e.n_passages, e.n_codable FROM extractions e
LEFT JOIN (SELECT document_id, count(*) AS n, count(*) FILTER (is_codable) AS codable FROM passages GROUP BY document_id) p USING (document_id)
LEFT JOIN (SELECT document_id, count(*) AS n FROM pages GROUP BY document_id) g USING (document_id)
WHERE e.n_passages <> coalesce(p.n, 0) OR e.n_codable <> coalesce(p.codable, 0) OR e.n_pages <> coalesce(g.n, 0)
