"""Reads lists of cameras, places and street crossings (CSV, GeoJSON) into contract records."""
