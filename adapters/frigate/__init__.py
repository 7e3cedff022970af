"""Adapter for Frigate, a recorder that keeps what cameras stream in ten-second segments."""
