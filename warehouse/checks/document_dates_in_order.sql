SELECT document_id, published, coverage_start, coverage_end, mission_start, mission_end FROM documents
WHERE coverage_end < coverage_start OR mission_end < mission_start OR year(published) NOT BETWEEN 1815 AND year(current_date) + 1
