-- warns
-- Half a point of rounding is none of anybody's business; a box beyond its page is a page that was measured wrongly.
SELECT b.passage_id, b.box, g.width, g.height FROM (SELECT passage_id, document_id, unnest(boxes) AS box FROM passages) b
JOIN pages g ON g.document_id = b.document_id AND g.page = b.box.page
WHERE b.box.x0 < -0.5 OR b.box.top < -0.5 OR b.box.x1 > g.width + 0.5 OR b.box.bottom > g.height + 0.5
