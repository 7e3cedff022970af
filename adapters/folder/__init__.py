"""A recorder that is a folder: a tree of files whose names say which camera and since when."""
