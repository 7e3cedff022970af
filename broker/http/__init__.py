"""What every route shares: who calls, the one error shape, pages, byte ranges."""
