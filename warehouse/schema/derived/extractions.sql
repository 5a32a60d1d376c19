-- What extractors made of the files. Dropped and made again when the shape changes (DERIVED_VERSION in warehouse/migrations.py).
CREATE TABLE extractions (
    document_id VARCHAR NOT NULL,
    file_sha256 VARCHAR NOT NULL,
    extractor_key VARCHAR NOT NULL,
    extractor_version VARCHAR,
    reason VARCHAR NOT NULL,
    detail VARCHAR,
    language VARCHAR,
    cover VARCHAR NOT NULL,
    warnings VARCHAR[] NOT NULL,
    n_pages INTEGER NOT NULL,
    n_passages INTEGER NOT NULL,
    n_codable INTEGER NOT NULL
);
CREATE TABLE pages (
    document_id VARCHAR NOT NULL,
    page INTEGER NOT NULL,
    width FLOAT,
    height FLOAT,
    text_source VARCHAR NOT NULL,
    n_chars INTEGER NOT NULL,
    n_words INTEGER NOT NULL,
    language VARCHAR,
    quality FLOAT,
    coverage FLOAT,
    alphabetic FLOAT,
    lexical FLOAT,
    continuity FLOAT
);
CREATE TABLE passages (
    passage_id VARCHAR NOT NULL,
    document_id VARCHAR NOT NULL,
    ordinal INTEGER NOT NULL,
    part INTEGER,
    page_first INTEGER,
    page_last INTEGER,
    boxes STRUCT(page INTEGER, x0 FLOAT, top FLOAT, x1 FLOAT, bottom FLOAT)[] NOT NULL,
    heading_path VARCHAR[] NOT NULL,
    para_no VARCHAR,
    kind VARCHAR NOT NULL,
    language VARCHAR,
    text VARCHAR NOT NULL,
    lead_in VARCHAR,
    n_words INTEGER NOT NULL,
    is_codable BOOLEAN NOT NULL,
    is_duplicate BOOLEAN NOT NULL,
    is_summary BOOLEAN NOT NULL,
    quality FLOAT,
    notes VARCHAR[] NOT NULL,
    sketch UINTEGER[] NOT NULL,
    text_sha256 VARCHAR NOT NULL,
    extractor_version VARCHAR NOT NULL
);
