"""`mien keys`: who may call the server."""

from typing import Annotated

import typer
from rich.console import Console

from mien.cli.lists import listed
from mien.cli.parts import parts
from mien.cli.when import moment
from mien.errors import RequestError
from mien.settings import Settings

keys = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)


@keys.command()
def create(name: Annotated[str, typer.Argument(help="What the key is for.")] = "default") -> None:
    """Create an API key. It is shown only once; only its hash is stored."""
    key, secret = parts(Settings()).keys.create_key(name)
    typer.echo(f"Key {key.id} ({name}). Send it as X-Hume-Api-Key; keep it safe:", err=True)
    typer.echo(secret)


@keys.command("list")
def list_() -> None:
    """List the keys, without the secrets. Into a pipe or file: tab-separated, without a header."""
    keys = parts(Settings()).keys.keys()
    rows = ((key.id, key.name, moment(key.created_ms)) for key in keys)
    listed(("id", "name", "created"), rows, "name", Console())


@keys.command()
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="From `mien keys list`.")]) -> None:
    """Revoke a key."""
    if not parts(Settings()).keys.revoke(key_id):
        raise RequestError(f"there is no key {key_id!r}; see `mien keys list`")
    typer.echo(f"revoked {key_id}")
