-- requires: stance
-- Whether contestation comes before cooperation (positive lags) or after it: correlation over pairs of years of deviations from the mean of organization
-- and country, from probabilities, uncorrected for the classifier's errors. For inference regress corrected shares on lagged ones.
CREATE VIEW naive_lead_and_lag AS
WITH yearly AS (
    SELECT d.igo, d.country_iso3, year(d.published) AS year,
        avg(s.p_stance__cooperation + s.p_stance__mixed) AS cooperation, avg(s.p_stance__contestation + s.p_stance__mixed) AS contestation
    FROM scores s
    JOIN passages p ON p.passage_id = s.passage_id AND p.document_id = s.document_id
    JOIN documents d ON d.document_id = s.document_id
    WHERE NOT p.is_duplicate AND NOT p.is_summary AND d.country_iso3 IS NOT NULL AND d.published IS NOT NULL
        AND s.model_version IN (SELECT model_version FROM models WHERE state = 'promoted')
    GROUP BY ALL
), deviations AS (
    SELECT igo, country_iso3, year, cooperation - avg(cooperation) OVER dyad AS cooperation, contestation - avg(contestation) OVER dyad AS contestation
    FROM yearly WINDOW dyad AS (PARTITION BY igo, country_iso3)
)
SELECT a.igo, CAST(lags.lag_years AS INTEGER) AS lag_years, count(*) AS pairs,
    CASE WHEN count(*) >= 3 AND stddev_pop(a.contestation) > 0 AND stddev_pop(b.cooperation) > 0 THEN corr(a.contestation, b.cooperation) END AS naive_correlation
FROM deviations a
CROSS JOIN (SELECT unnest(range(-3, 4)) AS lag_years) lags
JOIN deviations b ON b.igo IS NOT DISTINCT FROM a.igo AND b.country_iso3 = a.country_iso3 AND b.year = a.year + lags.lag_years
GROUP BY ALL;
