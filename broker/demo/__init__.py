"""Simulated recorders and a small world to try Entrevue on; also for tests and adapter authors."""
