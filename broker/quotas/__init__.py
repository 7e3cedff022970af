"""How many calls are answered in a minute."""
