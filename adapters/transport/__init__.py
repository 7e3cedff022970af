"""Guarded ways to reach a recorder, shared by adapters, so that no adapter carries guards of its own."""
