"""Which document and which passage of release A is which of release B."""

# statements are put together of names of this room and of names read from the databases' own catalogues
from __future__ import annotations

from warehouse.transactions import Connection

_DOCUMENTS = """
CREATE TABLE work.main.document_pairs AS
WITH same AS (
    SELECT x.document_id AS a_id, y.document_id AS b_id, x.file_sha256 AS a_file, y.file_sha256 AS b_file
    FROM a.documents x JOIN b.documents y USING (document_id)
), a_left AS (
    SELECT document_id, file_sha256 FROM a.documents WHERE document_id NOT IN (SELECT a_id FROM same)
    QUALIFY count(*) OVER (PARTITION BY file_sha256) = 1
), b_left AS (
    SELECT document_id, file_sha256 FROM b.documents WHERE document_id NOT IN (SELECT b_id FROM same)
    QUALIFY count(*) OVER (PARTITION BY file_sha256) = 1
), paired AS (
    SELECT * FROM same
    UNION ALL
    -- A document whose symbol was learned later has another identifier and the same file.
    SELECT x.document_id, y.document_id, x.file_sha256, y.file_sha256 FROM a_left x JOIN b_left y USING (file_sha256)
)
SELECT * FROM paired
UNION ALL SELECT document_id, NULL, file_sha256, NULL FROM a.documents WHERE document_id NOT IN (SELECT a_id FROM paired)
UNION ALL SELECT NULL, document_id, NULL, file_sha256 FROM b.documents WHERE document_id NOT IN (SELECT b_id FROM paired)
"""

_PASSAGES = """
CREATE TABLE work.main.passage_pairs AS
WITH a_all AS (
    SELECT p.passage_id, p.text_sha256, p.is_codable, coalesce(d.b_id, d.a_id) AS document_id,
        row_number() OVER (PARTITION BY p.document_id, p.text_sha256 ORDER BY p.ordinal, p.passage_id) AS n
    FROM a.passages p JOIN work.main.document_pairs d ON d.a_id = p.document_id
), b_all AS (
    SELECT p.passage_id, p.text_sha256, p.is_codable, p.document_id,
        row_number() OVER (PARTITION BY p.document_id, p.text_sha256 ORDER BY p.ordinal, p.passage_id) AS n
    FROM b.passages p
), same AS (
    SELECT x.passage_id AS a_id, y.passage_id AS b_id, x.is_codable AND y.is_codable AS comparable
    FROM a_all x JOIN b_all y ON y.passage_id = x.passage_id AND y.document_id = x.document_id
), again AS (
    -- The same words in the same document are the same unit, whatever page or number they were read under.
    SELECT x.passage_id AS a_id, y.passage_id AS b_id, x.is_codable AND y.is_codable AS comparable
    FROM a_all x JOIN b_all y ON y.document_id = x.document_id AND y.text_sha256 = x.text_sha256 AND y.n = x.n
    WHERE x.passage_id NOT IN (SELECT a_id FROM same) AND y.passage_id NOT IN (SELECT b_id FROM same)
)
SELECT * FROM same UNION ALL SELECT * FROM again
"""


def make_pairs(connection: Connection) -> None:
    """Make `document_pairs` and `passage_pairs` in the working database; the releases are attached as `a` and `b`.

    A document is the same under the same identifier, or with the same file where only one on each side has it. A passage is the same under
    the same identifier, or with the same text in the same document. `comparable` pairs can be scored in both.
    """
    connection.execute(_DOCUMENTS)
    connection.execute(_PASSAGES)
