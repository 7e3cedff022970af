"""Adapter for ZoneMinder, which records monitors as events."""
