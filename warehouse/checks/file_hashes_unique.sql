SELECT file_sha256, count(*) AS n FROM files GROUP BY file_sha256 HAVING count(*) > 1
