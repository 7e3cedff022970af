"""Public lists of places: kept in the ledger, known to every process that answers or ingests."""
