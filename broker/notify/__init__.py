"""Tells people and other systems that something happened: never more than what it is about."""
