"""Runs adapters: keeps the catalog true, and is the one way to a recorder."""
