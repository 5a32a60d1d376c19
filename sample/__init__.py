"""The reports that ship with Entente: invented organizations, invented countries, and what a perfect reading of each file would give."""
