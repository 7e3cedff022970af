"""The append-only log: who did what to whose cameras, why, and on which basis."""
