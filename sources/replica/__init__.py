"""A loopback server that answers as the real services do, for tests and for `entente refresh --replay`."""
