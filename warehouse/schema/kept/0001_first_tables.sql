-- What came from sources, what people made, and the ledger: never rebuilt, only migrated. All times are UTC.
CREATE TABLE sources (
    source_id VARCHAR NOT NULL,
    first_seen_at TIMESTAMP NOT NULL
);
CREATE TABLE records (
    record_id VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    record_key VARCHAR NOT NULL,
    location VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    metadata_hash VARCHAR NOT NULL,
    metadata VARCHAR NOT NULL,
    file_sha256 VARCHAR,
    document_id VARCHAR,
    is_primary BOOLEAN NOT NULL,
    first_seen_at TIMESTAMP NOT NULL,
    changed_at TIMESTAMP NOT NULL
);
CREATE TABLE files (
    file_sha256 VARCHAR NOT NULL,
    n_bytes BIGINT NOT NULL,
    file_format VARCHAR NOT NULL,
    mime VARCHAR NOT NULL,
    url VARCHAR,
    fetched_at TIMESTAMP NOT NULL
);
CREATE TABLE documents (
    document_id VARCHAR NOT NULL,
    record_id VARCHAR NOT NULL,
    file_sha256 VARCHAR NOT NULL,
    igo VARCHAR,
    body VARCHAR,
    symbol VARCHAR,
    title VARCHAR,
    doc_type VARCHAR,
    country_iso3 VARCHAR,
    country_name VARCHAR,
    published DATE,
    coverage_start DATE,
    coverage_end DATE,
    language VARCHAR,
    url VARCHAR,
    mission_id VARCHAR,
    mission_kind VARCHAR,
    mission_start DATE,
    mission_end DATE,
    extra VARCHAR NOT NULL,
    from_cover VARCHAR[] NOT NULL
);
CREATE TABLE missions (
    mission_id VARCHAR NOT NULL,
    igo VARCHAR,
    country_iso3 VARCHAR,
    body VARCHAR,
    kind VARCHAR,
    start_date DATE,
    end_date DATE,
    report_document_id VARCHAR
);
CREATE TABLE models (
    model_version VARCHAR NOT NULL,
    base_model VARCHAR NOT NULL,
    base_revision VARCHAR,
    codebook_version VARCHAR NOT NULL,
    training_data_hash VARCHAR,
    languages VARCHAR[] NOT NULL,
    metrics VARCHAR NOT NULL,
    created VARCHAR,
    state VARCHAR NOT NULL,
    registered_at TIMESTAMP NOT NULL
);
CREATE TABLE annotations (
    annotation_id VARCHAR NOT NULL,
    passage_id VARCHAR NOT NULL,
    document_id VARCHAR,
    file_sha256 VARCHAR,
    text_sha256 VARCHAR,
    coder VARCHAR NOT NULL,
    dimension VARCHAR NOT NULL,
    value VARCHAR,
    status VARCHAR NOT NULL,
    codebook_version VARCHAR NOT NULL,
    tool VARCHAR,
    coded_at TIMESTAMP NOT NULL,
    note VARCHAR,
    flag VARCHAR[]
);
CREATE TABLE samples (
    sample_id VARCHAR NOT NULL,
    passage_id VARCHAR NOT NULL,
    design VARCHAR NOT NULL,
    stratum VARCHAR,
    inclusion_probability DOUBLE,
    drawn_at TIMESTAMP NOT NULL,
    seed BIGINT
);
CREATE TABLE runs (
    run_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    config_hash VARCHAR NOT NULL,
    code_version VARCHAR NOT NULL,
    command VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    status VARCHAR NOT NULL,
    counts VARCHAR NOT NULL
);
CREATE TABLE document_events (
    event_no BIGINT NOT NULL,
    record_id VARCHAR NOT NULL,
    document_id VARCHAR,
    state VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    detail VARCHAR,
    happened_at TIMESTAMP NOT NULL,
    run_id VARCHAR
);
CREATE TABLE codebook_dimensions (
    dimension VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    tier VARCHAR NOT NULL,
    question VARCHAR NOT NULL,
    ordinal INTEGER NOT NULL,
    codebook_version VARCHAR NOT NULL
);
CREATE TABLE codebook_categories (
    dimension VARCHAR NOT NULL,
    category VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    definition VARCHAR NOT NULL,
    ordinal INTEGER NOT NULL,
    codebook_version VARCHAR NOT NULL
);
