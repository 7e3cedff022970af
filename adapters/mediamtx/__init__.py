"""Adapter for MediaMTX, a media server that records what cameras publish to it."""
