-- Documents by organization and country
SELECT igo, coalesce(country_name, country_iso3) AS country, count(*) AS documents, min(year(published)) AS first_year,
       max(year(published)) AS last_year
FROM documents GROUP BY ALL ORDER BY ALL;

-- Passages by step of the partnership and realization (labels as predicted, uncorrected)
PIVOT (
    SELECT stage, realization FROM evidence WHERE model_version IS NOT NULL AND NOT is_duplicate AND NOT is_summary
) ON realization IN ('realized', 'prospective', 'negated', 'not_applicable') USING count(*)
ORDER BY list_position(['initiation', 'trust_building', 'information_exchange', 'policy_influence', 'compliance', 'none'], stage);

-- Share of passages with contestation, by country and year (labels as predicted, uncorrected)
SELECT coalesce(country_name, country_iso3) AS country, year(published) AS year, count(*) AS passages,
       avg((stance IN ('contestation', 'mixed'))::INTEGER) AS naive_contestation,
       avg((stance IN ('cooperation', 'mixed'))::INTEGER) AS naive_cooperation
FROM evidence WHERE model_version IS NOT NULL AND NOT is_duplicate AND NOT is_summary
GROUP BY ALL ORDER BY ALL LIMIT 40;
