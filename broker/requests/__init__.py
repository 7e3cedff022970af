"""Clip requests: submitted, decided per item by each owner, carried out, fetched."""
