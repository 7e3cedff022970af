"""Carries out what the ledger says is due. The ledger's rows are the queue; Redis only wakes."""
