"""Preservation: keeping footage past its overwrite time while somebody decides."""
