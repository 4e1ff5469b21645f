"""`mien work`: more workers for the same store."""
