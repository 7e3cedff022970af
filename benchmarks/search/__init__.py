"""How fast searches are answered, beside the stores that could have answered them. `python -m benchmarks.search`."""
