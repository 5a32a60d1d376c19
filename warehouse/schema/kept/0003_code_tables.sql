-- Code tables say more: which dimensions have ordered categories, and which country codes there are.
ALTER TABLE codebook_dimensions ADD COLUMN is_ordinal BOOLEAN DEFAULT false;
UPDATE codebook_dimensions SET is_ordinal = (kind = 'ordinal');
CREATE TABLE countries (
    country_iso3 VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    status VARCHAR NOT NULL
);
