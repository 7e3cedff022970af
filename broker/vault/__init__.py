"""Bytes: latest snapshots and sealed clips, by key."""
