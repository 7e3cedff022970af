"""Danger to life: what an operator may see beyond the agreements for an hour, told at once and reviewed."""
