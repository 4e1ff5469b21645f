"""Where things are kept: one file a backend."""
