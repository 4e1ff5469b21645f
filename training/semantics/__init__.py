"""How people's names for expressions go together."""
