-- What ISO 3166-1 leaves to users (AAA to AAZ, QMA to QZZ, XAA to XZZ, ZZA to ZZZ) may be borne too; without a code table nobody knows.
SELECT kind, id, country_iso3 FROM (
    SELECT 'document' AS kind, document_id AS id, country_iso3 FROM documents
    UNION ALL SELECT 'mission', mission_id, country_iso3 FROM missions
) WHERE country_iso3 NOT IN (SELECT country_iso3 FROM countries) AND EXISTS (FROM countries)
    AND NOT regexp_full_match(country_iso3, 'AA[A-Z]|Q[M-Z][A-Z]|X[A-Z]{2}|ZZ[A-Z]')
