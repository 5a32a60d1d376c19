-- requires: stage realization
-- Counts of predicted labels, uncorrected for the classifier's errors: a first look, no estimate.
CREATE VIEW naive_stage_by_country_year AS
WITH counted AS (
    SELECT igo, country_iso3, year(published) AS year, stage, realization, count(DISTINCT document_id) AS documents, count(*) AS passages
    FROM evidence
    WHERE model_version IS NOT NULL AND NOT is_duplicate AND NOT is_summary
    GROUP BY ALL
)
SELECT *, passages / sum(passages) OVER (PARTITION BY igo, country_iso3, year) AS naive_share
FROM counted;
