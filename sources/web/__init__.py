"""The polite client: every request that leaves this machine goes through here."""
