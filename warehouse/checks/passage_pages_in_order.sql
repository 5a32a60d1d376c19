SELECT p.passage_id, p.page_first, p.page_last, e.n_pages FROM passages p JOIN extractions e ON e.document_id = p.document_id
WHERE (p.page_first IS NULL) <> (p.page_last IS NULL) OR p.page_first < 1 OR p.page_last < p.page_first
   OR (e.n_pages > 0 AND p.page_last > e.n_pages)
