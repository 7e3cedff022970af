"""Says what rights are and would be: explanations of a decision, and the dry run of an agreement."""
