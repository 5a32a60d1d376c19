"""Sources: which documents exist, and their bytes. Rows and checked files out; nothing is interpreted here."""
