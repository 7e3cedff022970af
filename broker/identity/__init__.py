"""How officers come in: sessions, local accounts, identity providers. What they may do is no matter of this domain."""
