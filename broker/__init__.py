"""The broker: one catalog over the agencies' camera networks, and the life of every request for footage."""
