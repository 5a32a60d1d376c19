SELECT event_no, count(*) AS n FROM document_events GROUP BY event_no HAVING count(*) > 1
