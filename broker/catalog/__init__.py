"""What is true now: cameras, places, footage spans; thrown away and refilled at any time."""
