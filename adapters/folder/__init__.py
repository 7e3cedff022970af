"""A recorder that is a folder: a tree of .mp4 and .mkv files whose names say which camera and since when."""
