"""What goes wrong, said in one line."""

from rich.console import Console
from rich.text import Text


def say(what: str) -> None:
    """Print a line to standard error."""
    Console(stderr=True).print(Text.assemble(("mien: ", "bold red"), what))
