"""Cuts recorded files into clips of exactly the asked interval, keeping the recorder's own packets."""
