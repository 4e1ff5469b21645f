"""`python -m mien` is the command line."""

from mien.cli import main

main()
