"""Plain RTSP cameras: what they show now, and that they work."""
