-- What belongs before a person: passages unlike those the model learned from, and labels it cannot promise its rate of error for.
CREATE VIEW review_queue AS
SELECT document_id, passage_id, ordinal, model_version, is_familiar, uncertain, len(uncertain) AS n_uncertain, heading, text
FROM evidence
WHERE model_version IS NOT NULL AND NOT is_duplicate AND (NOT is_familiar OR len(uncertain) > 0);
