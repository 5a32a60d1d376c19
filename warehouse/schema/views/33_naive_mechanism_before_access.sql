-- requires: mechanism stage realization
-- Whether open information follows a mechanism: of the years in which organization and country have reports and a mechanism was named in one of the two
-- years before, the share with at least one realized passage of information exchange. From predicted labels, uncorrected for the classifier's errors.
CREATE VIEW naive_mechanism_before_access AS
WITH labelled AS (
    SELECT d.igo, d.country_iso3, year(d.published) AS year, l.mechanism, l.stage, l.realization
    FROM labels l
    JOIN passages p ON p.passage_id = l.passage_id AND p.document_id = l.document_id
    JOIN documents d ON d.document_id = l.document_id
    WHERE NOT p.is_duplicate AND NOT p.is_summary AND d.country_iso3 IS NOT NULL AND d.published IS NOT NULL
), years AS (
    SELECT igo, country_iso3, year, bool_or(stage = 'information_exchange' AND realization = 'realized') AS is_open FROM labelled GROUP BY ALL
), named AS (
    SELECT DISTINCT igo, country_iso3, year, unnest(mechanism) AS mechanism FROM labelled
), followed AS (
    SELECT DISTINCT y.igo, y.country_iso3, y.year, y.is_open, n.mechanism
    FROM years y
    JOIN named n ON n.igo IS NOT DISTINCT FROM y.igo AND n.country_iso3 = y.country_iso3 AND n.year BETWEEN y.year - 2 AND y.year - 1
)
SELECT igo, mechanism, count(*) AS years, count(*) FILTER (is_open) AS open_years, avg(is_open::INTEGER) AS naive_share FROM followed GROUP BY ALL;
