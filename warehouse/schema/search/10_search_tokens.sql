-- The words of a text as the index and the queries see them: lower case, without accents, English plural endings gone (after Harman's
-- S-stemmer, 1991). Scripts that set no spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) give pairs of neighbouring signs.
CREATE MACRO search_tokens(words) AS flatten([
    CASE
        WHEN regexp_matches(run, '^[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]')
            THEN CASE WHEN length(run) = 1 THEN [run] ELSE [substr(run, i, 2) FOR i IN range(1, length(run))] END
        WHEN length(run) > 4 AND regexp_matches(run, '[^ae]ies$') THEN [run[:-4] || 'y']
        WHEN length(run) > 4 AND regexp_matches(run, '(ss|x|ch|sh)es$') THEN [run[:-3]]
        WHEN length(run) > 3 AND regexp_matches(run, '[^aeo]es$|[^usie]s$') THEN [run[:-2]]
        ELSE [run]
    END
    FOR run IN regexp_extract_all(
        regexp_replace(lower(strip_accents(nfc_normalize(words))), '([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+)', ' \1 ', 'g'),
        '[\p{L}\p{M}\p{N}]+'
    )
]);
