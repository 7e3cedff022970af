"""Adapter for agencies that share where their cameras stand, as a file, and nothing else."""
