"""`mien models`: the networks that measure, and others that can be pulled."""

from collections.abc import Iterable
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from mien.settings import Settings
from mien.weights import COMPLETE, shipped
from mien.weights.pull import MULTILINGUAL, PULLABLE, by_id, check, known, pull

models = typer.Typer(
    help="Networks: those in the package, and others that can be downloaded.", no_args_is_help=True
)


@models.command("list")
def list_() -> None:
    """List all networks with licence, size, source and checksum."""
    settings, console = Settings(), Console(highlight=False)
    for network in shipped():
        card = network.card
        _show(
            console,
            network.name,
            "in the package",
            card.get("licence", ""),
            network.size,
            card.get("what", ""),
            card.get("source", ""),
            network.digests.values(),
        )
        console.print(Text(f"    card: {network.path.with_suffix('.md')}", "dim"), soft_wrap=True)
    for weights in (*PULLABLE.values(), *by_id(settings)):
        here = (settings.weights / weights.name / COMPLETE).exists()
        largest = max(weights.files, key=lambda file: file.size)
        _show(
            console,
            weights.name,
            "pulled" if here else "can be pulled",
            weights.licence,
            weights.size,
            weights.what,
            f"{weights.repository}@{weights.revision[:8]}",
            [largest.digest],
        )
    console.print(Text.assemble(("multilingual", "bold"), "   can be pulled"))
    console.print(
        "    reads emotions in many languages; so does any such classifier in ONNX, by owner/name\n"
        f"    from {MULTILINGUAL}, as it is there when it is pulled",
        soft_wrap=True,
    )


def _show(
    console: Console,
    name: str,
    where: str,
    licence: str,
    size: int,
    what: str,
    source: str,
    digests: Iterable[str],
) -> None:
    console.print(Text.assemble((name, "bold"), f"   {where}   {_mb(size)}   {licence}"))
    for line in (what, source and f"from {source}", *(f"sha256 {digest}" for digest in digests)):
        if line:
            console.print(Text(f"    {line}"), soft_wrap=True)


@models.command("pull")
def pull_(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME…",
            help="A name from `mien models list`, or owner/name[@revision] of a text classifier"
            " on the Hugging Face Hub.",
        ),
    ],
) -> None:
    """Download networks and verify them. An interrupted download is resumed."""
    settings = Settings()
    for weights in [known(name, settings) for name in names]:
        with _bar() as progress:
            task = progress.add_task(weights.name, total=weights.size)
            folder = pull(weights, settings, partial(_advance, progress, task))
        typer.echo(f"{weights.name} ({weights.licence}) is in {folder}")


@models.command("check")
def check_() -> None:
    """Verify the checksums of all networks. Exit code 1 if one is wrong."""
    wrong = 0
    for checked in check(Settings()):
        wrong += checked.problem is not None
        mark = Text("✗", "red") if checked.problem else Text("✓", "green")
        Console().print(mark, Text(f"{checked.name} {checked.problem or ''}"))
    raise typer.Exit(1 if wrong else 0)


def _advance(progress: Progress, task: TaskID, done: int, total: int) -> None:
    progress.update(task, completed=done)


def _bar() -> Progress:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
