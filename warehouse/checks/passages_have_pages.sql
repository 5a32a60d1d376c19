SELECT p.passage_id, p.document_id, p.page_first, p.page_last FROM passages p
WHERE EXISTS (FROM extractions e WHERE e.document_id = p.document_id AND e.n_pages > 0) AND (p.page_first IS NULL
   OR NOT EXISTS (FROM pages g WHERE g.document_id = p.document_id AND g.page = p.page_first)
   OR NOT EXISTS (FROM pages g WHERE g.document_id = p.document_id AND g.page = p.page_last))
