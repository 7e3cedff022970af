"""The stream of events for officers who are signed in."""
