"""The register that an owner of cameras keeps: what was made, handed over and destroyed."""
