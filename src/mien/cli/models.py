"""`mien models`: the networks that measure, and others that can be pulled."""

import typer

models = typer.Typer(
    help="Networks: those in the package, and others that can be pulled.", no_args_is_help=True
)


@models.command("list")
def list_() -> None:
    """List the networks."""
