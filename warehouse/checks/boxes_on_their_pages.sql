SELECT passage_id, box FROM (SELECT passage_id, page_first, page_last, unnest(boxes) AS box FROM passages)
WHERE box.page NOT BETWEEN page_first AND page_last OR page_first IS NULL OR box.x1 < box.x0 OR box.bottom < box.top
