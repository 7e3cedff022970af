"""How long a network's list takes into the catalog, and whether many networks keep their pace."""
