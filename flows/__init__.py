"""Flows: the Prefect flows and the command line. The only room that knows all others; it orchestrates and decides nothing."""
