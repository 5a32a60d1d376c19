SELECT country_iso3, count(*) AS n FROM countries GROUP BY country_iso3 HAVING count(*) > 1 OR NOT regexp_full_match(country_iso3, '[A-Z]{3}')
