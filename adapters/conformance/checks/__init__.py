"""The claims, by subject. Each is one async function, named for what must hold, that raises `NotConformant`."""
