"""The closed lists of the document ledger: the states that a record passes through, and the reasons it may be given.

Every file that Entente ever looked at ends in one of these states with one of these reasons; nothing is only a line in a log.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a record stands on the way from source to published database."""

    DISCOVERED = "discovered"
    REFUSED = "refused"
    MISSING = "missing"
    FETCHED = "fetched"
    UNREADABLE = "unreadable"
    EXTRACTED = "extracted"
    CLASSIFIED = "classified"
    PUBLISHED = "published"


class Reason(StrEnum):
    """Why a record is in its state."""

    OK = "ok"
    # refused: the bytes were seen and not taken
    EMPTY_FILE = "empty_file"
    WRONG_TYPE = "wrong_type"
    UNSUPPORTED_TYPE = "unsupported_type"
    ERROR_PAGE = "error_page"
    CHALLENGE_PAGE = "challenge_page"
    TRUNCATED = "truncated"
    ENCRYPTED = "encrypted"
    TOO_LARGE = "too_large"
    CHANGED_WHILE_READ = "changed_while_read"
    FORBIDDEN = "forbidden"
    ROBOTS_DISALLOWED = "robots_disallowed"
    HOST_NOT_ALLOWED = "host_not_allowed"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    CONNECTION_FAILED = "connection_failed"
    BAD_ANSWER = "bad_answer"
    # missing
    FILE_MISSING = "file_missing"
    NO_PERMISSION = "no_permission"
    NOT_FOUND = "not_found"
    NOT_PUBLISHED_YET = "not_published_yet"
    NO_LINK = "no_link"
    WITHDRAWN = "withdrawn"
    # fetched, but another file or another source's record stands for the same document
    SAME_BYTES = "same_bytes"
    OTHER_FORMAT = "other_format"
    OTHER_RECORD = "other_record"
    # unreadable: the extractor could not make passages of it
    BROKEN_FILE = "broken_file"
    NO_PAGES = "no_pages"
    NO_TEXT_LAYER = "no_text_layer"
    NO_PASSAGES = "no_passages"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    OUTPUT_TOO_LARGE = "output_too_large"
    EXTRACTOR_CRASHED = "extractor_crashed"
    MISSING_PROGRAM = "missing_program"
    # extracted, but not classified
    LANGUAGE_NOT_MODELLED = "language_not_modelled"
    NOTHING_TO_CODE = "nothing_to_code"
