"""The language that adapters and the broker share; imports nothing else of this project.

Everything here is serialisable (frozen models, async iterators of models, bytes), so that the same adapter
can run inside the broker or in an agent at the owner's site.
"""
