"""Carries out what is due on holds: places, copies, extends and releases them."""
