"""The voice network: how something is said."""
