SELECT codebook_version FROM (SELECT codebook_version FROM codebook_dimensions UNION SELECT codebook_version FROM codebook_categories)
QUALIFY count(*) OVER () > 1
