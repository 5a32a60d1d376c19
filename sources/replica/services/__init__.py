"""The services of the replica's world, one module each, written to the documented shapes and not to the connectors that read them."""
