"""Evidence: cut original bits, seal them, and let anyone verify what was handed over."""
