"""What goes wrong, said in one line."""

from rich.console import Console
from rich.text import Text


def say(what: str) -> None:
    """Print a line to standard error."""
    Console(stderr=True).print(Text.assemble(("mien: ", "bold red"), what))


def reason(error: Exception) -> str:
    """What an error says; where the system speaks, of which file and without its number."""
    match error:
        case OSError(strerror=str(words), filename=None):
            return words
        case OSError(strerror=str(words), filename=name):
            return f"{name}: {words}"
        case _:
            return str(error)
