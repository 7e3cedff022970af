"""A recorder that misbehaves: a proxy on loopback before any HTTP server, which plays one fault at a time."""
