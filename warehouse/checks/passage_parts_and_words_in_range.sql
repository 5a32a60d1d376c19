SELECT passage_id, part, n_words FROM passages WHERE part < 1 OR n_words < 0 OR (is_codable AND n_words = 0)
