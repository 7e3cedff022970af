"""What the log costs: entries a second, what it adds to a search, proofs and verification of large logs."""
