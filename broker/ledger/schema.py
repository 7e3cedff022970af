"""All of the ledger's tables together."""

from broker.ledger import log_tables, round_tables, tables

TABLES = (tables, log_tables, round_tables)

metadata = tables.metadata
