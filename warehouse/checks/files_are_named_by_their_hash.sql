SELECT file_sha256, n_bytes FROM files WHERE NOT regexp_full_match(file_sha256, '[0-9a-f]{64}') OR n_bytes <= 0
