"""Cameras and places of the demo's networks, one module each: data, no behaviour."""
