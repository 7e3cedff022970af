"""The columnar copy of the catalog that every process searches in memory."""
