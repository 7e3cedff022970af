"""Transparency logs as RFC 9162 and C2SP have them: pure functions over hashes and texts."""
