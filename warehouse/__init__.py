"""Warehouse: the schema, the one writer, the published copy. What came in stays traceable, what is derived can be rebuilt."""
