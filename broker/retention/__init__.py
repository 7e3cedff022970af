"""What is let go when its time is over, by which rule, and what would go by a day."""
