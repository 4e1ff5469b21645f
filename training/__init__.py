"""How the networks in `mien/weights` are made. Not part of the installed package."""
