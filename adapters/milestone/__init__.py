"""Adapter for Milestone XProtect, through its API Gateway."""
