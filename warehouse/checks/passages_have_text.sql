SELECT passage_id, document_id FROM passages WHERE trim(text) = '' OR text_sha256 <> sha256(text)
