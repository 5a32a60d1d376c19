"""Extractors: bytes of a report in, passages with page, boxes, heading path and paragraph number out."""
