-- Remote sources: what they said and when, where files may be had, what was asked, and how far each discovery has come. All times are UTC.
ALTER TABLE sources ADD COLUMN name VARCHAR;
ALTER TABLE sources ADD COLUMN publisher VARCHAR;
ALTER TABLE sources ADD COLUMN licence VARCHAR;
ALTER TABLE sources ADD COLUMN confidence VARCHAR;
ALTER TABLE sources ADD COLUMN schedule VARCHAR;
-- DuckDB 1.5 cannot change a table again in the transaction in which it gave it a column with a default: plain columns first, values last.
ALTER TABLE records ADD COLUMN is_remote BOOLEAN;
ALTER TABLE records ADD COLUMN version VARCHAR;
ALTER TABLE records ADD COLUMN fetched_version VARCHAR;
ALTER TABLE records ADD COLUMN links VARCHAR;
ALTER TABLE records ADD COLUMN attempts INTEGER;
ALTER TABLE records ADD COLUMN next_attempt_at TIMESTAMP;
ALTER TABLE records ADD COLUMN withdrawn_at TIMESTAMP;
ALTER TABLE records ALTER COLUMN is_remote SET DEFAULT false;
ALTER TABLE records ALTER COLUMN version SET DEFAULT '';
ALTER TABLE records ALTER COLUMN links SET DEFAULT '[]';
ALTER TABLE records ALTER COLUMN attempts SET DEFAULT 0;
UPDATE records SET is_remote = false, version = '', links = '[]', attempts = 0;
ALTER TABLE files ADD COLUMN source_id VARCHAR;
ALTER TABLE files ADD COLUMN etag VARCHAR;
ALTER TABLE files ADD COLUMN last_modified VARCHAR;
ALTER TABLE documents ADD COLUMN missions_read BOOLEAN DEFAULT false;
CREATE TABLE record_versions (
    record_id VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    said_at TIMESTAMP NOT NULL,
    run_id VARCHAR,
    is_withdrawal BOOLEAN NOT NULL,
    raw VARCHAR
);
CREATE TABLE record_relations (
    record_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    symbol VARCHAR NOT NULL
);
CREATE TABLE http_validators (
    url VARCHAR NOT NULL,
    etag VARCHAR,
    last_modified VARCHAR,
    file_sha256 VARCHAR NOT NULL,
    checked_at TIMESTAMP NOT NULL
);
CREATE TABLE source_watermarks (
    source_id VARCHAR NOT NULL,
    watermark VARCHAR NOT NULL,
    set_at TIMESTAMP NOT NULL,
    run_id VARCHAR
);
CREATE TABLE source_sightings (
    source_id VARCHAR NOT NULL,
    record_key VARCHAR NOT NULL
);
CREATE TABLE source_runs (
    run_id VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    status VARCHAR NOT NULL,
    detail VARCHAR,
    is_full BOOLEAN NOT NULL,
    n_listed BIGINT NOT NULL,
    n_records BIGINT NOT NULL,
    n_new BIGINT NOT NULL,
    n_changed BIGINT NOT NULL,
    n_withdrawn BIGINT NOT NULL,
    n_requests BIGINT NOT NULL,
    n_file_requests BIGINT NOT NULL,
    n_conditional BIGINT NOT NULL,
    n_not_modified BIGINT NOT NULL,
    n_refused BIGINT NOT NULL,
    n_errors BIGINT NOT NULL,
    n_empty BIGINT NOT NULL
);
CREATE TABLE source_signals (
    source_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    example VARCHAR NOT NULL,
    n BIGINT NOT NULL,
    first_seen_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL
);
CREATE TABLE requests (
    run_id VARCHAR,
    source_id VARCHAR NOT NULL,
    purpose VARCHAR NOT NULL,
    method VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    host VARCHAR NOT NULL,
    requested_at TIMESTAMP NOT NULL,
    status INTEGER,
    outcome VARCHAR NOT NULL,
    seconds DOUBLE NOT NULL,
    n_bytes BIGINT NOT NULL,
    is_conditional BOOLEAN NOT NULL,
    attempt INTEGER NOT NULL
);
