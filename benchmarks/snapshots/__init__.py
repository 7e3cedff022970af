"""How fast pictures are taken in, and how well their faults are seen."""
