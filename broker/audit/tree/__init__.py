"""The tree over the log's entries: grows it into stored tiles, signs its checkpoints, makes proofs, takes cosignatures.

What checks the log is elsewhere and shares none of this.
"""
