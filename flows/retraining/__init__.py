"""Retraining: from new codes to a published release, in stages that are each done once."""
