"""Who takes part and what they may: agencies, officers, agreements, and the one policy function."""
