SELECT documents, pages, passages FROM release
WHERE documents <> (SELECT count(*) FROM documents) OR pages <> (SELECT count(*) FROM pages) OR passages <> (SELECT count(*) FROM passages)
