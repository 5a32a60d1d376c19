-- Coding: frames and purposes of samples, what coders are, where codes came from and which code they follow from. All times are UTC.
ALTER TABLE samples ADD COLUMN purpose VARCHAR DEFAULT 'gold';
CREATE TABLE sample_frames (
    sample_id VARCHAR NOT NULL,
    purpose VARCHAR NOT NULL,
    design VARCHAR NOT NULL,
    options VARCHAR NOT NULL,
    filters VARCHAR NOT NULL,
    strata VARCHAR[] NOT NULL,
    frame_size BIGINT NOT NULL,
    frame_documents BIGINT NOT NULL,
    frame_hash VARCHAR NOT NULL,
    n_left_out BIGINT NOT NULL,
    n_drawn BIGINT NOT NULL,
    codebook_version VARCHAR NOT NULL,
    model_version VARCHAR,
    supplement_of VARCHAR,
    seed BIGINT NOT NULL,
    drawn_at TIMESTAMP NOT NULL
);
CREATE TABLE sample_frame_units (
    sample_id VARCHAR NOT NULL,
    passage_id VARCHAR NOT NULL,
    document_id VARCHAR NOT NULL,
    text_sha256 VARCHAR NOT NULL,
    stratum VARCHAR,
    inclusion_probability DOUBLE NOT NULL
);
CREATE TABLE coders (
    coder VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    description VARCHAR,
    said_at TIMESTAMP NOT NULL
);
ALTER TABLE annotations ADD COLUMN reason VARCHAR;
ALTER TABLE annotations ADD COLUMN derived_from VARCHAR;
ALTER TABLE annotations ADD COLUMN imported_from VARCHAR;
