"""Adapters translate one recorder's or list's language into the shared one of `adapters.contract`."""
