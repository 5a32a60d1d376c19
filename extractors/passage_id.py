"""The identifier of a passage: stable as long as file, page, paragraph number and text are, whatever stands before it."""

from __future__ import annotations

import base64
import hashlib


def passage_id(file_sha256: str, page_first: int | None, para_no: str | None, text: str, occurrence: int) -> str:
    """Return `p_` and 26 lower-case base32 characters (130 bits of SHA-256).

    Args:
        file_sha256: hash of the file's bytes, hexadecimal.
        page_first: page on which the passage begins, None in formats without pages.
        para_no: paragraph number as printed, None without one.
        text: the passage's text.
        occurrence: how often the same page, number and text came before in the document, from 0.
    """
    parts = (file_sha256, "" if page_first is None else str(page_first), para_no or "", text, str(occurrence))
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        # Lengths before the parts keep ("1", "2x") and ("12", "x") apart.
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return "p_" + base64.b32encode(digest.digest()).decode("ascii").lower()[:26]
