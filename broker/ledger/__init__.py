"""The store that must never lose anything: obligations, rights and the log, in SQL."""
