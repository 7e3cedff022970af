"""Erases who acted, when the law says so; the log stays provable, and says itself that it was done."""
