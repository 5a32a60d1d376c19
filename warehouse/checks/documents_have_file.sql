SELECT document_id, file_sha256 FROM documents d WHERE NOT EXISTS (FROM files f WHERE f.file_sha256 = d.file_sha256)
