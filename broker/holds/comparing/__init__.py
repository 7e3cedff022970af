"""Holds as they are ordered against what recorders and vaults keep."""
