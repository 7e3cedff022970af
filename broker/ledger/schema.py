"""All of the ledger's tables together."""

from broker.ledger import duty_tables, log_tables, round_tables, tables

TABLES = (tables, log_tables, round_tables, duty_tables)

metadata = tables.metadata
