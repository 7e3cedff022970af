"""What officers must be told: kept in the ledger with what it tells of, until they look."""
