"""What officers call with: tokens and sessions, of which the ledger keeps hashes only."""
