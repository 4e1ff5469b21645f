"""Lists of what the server keeps: a table for eyes, lines with tabs for other programs."""

from collections.abc import Iterable, Sequence

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def listed(names: Sequence[str], rows: Iterable[Sequence[str]], folded: str, console: Console) -> None:
    """Print rows, each as long as `names`, the first of which is their id: it is always whole, to be copied.
    Where the terminal is narrow, the column `folded` takes several lines."""
    rows = list(rows)
    if not console.is_terminal:
        for row in rows:
            typer.echo("\t".join(row), console.file)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, no_wrap=name != folded, overflow="fold")
    table.columns[0].min_width = max((len(row[0]) for row in rows), default=0)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table, crop=False)
