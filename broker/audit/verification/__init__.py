"""Holds the log in the database against its own tree, its checkpoints, and notes of it that are kept elsewhere.

Nothing here is shared with what writes the log: statements, canonical JSON and tree are its own, so that a mistake of
the writer is not made twice. Only reading notes is common. It reads, and changes nothing.
"""
