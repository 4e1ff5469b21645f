"""`mien serve`: the API, and workers beside it."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console

from mien.api.auth import check_bind
from mien.app import asgi, build
from mien.cli.work import worker_command
from mien.jobs.supervisor import Supervisor
from mien.settings import Settings


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]", show_default=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on. [default: 8734]", show_default=False)
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option(help="Where jobs, results and pulled weights are kept.", show_default=False),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Worker processes; 0 leaves the work to `mien work`. [default: 1]"),
    ] = None,
    allow_no_key: Annotated[
        bool, typer.Option("--allow-no-key", help="Let everybody in who reaches the address.")
    ] = False,
) -> None:
    """Serve the API that clients of the retired Expression Measurement API call.

    On loopback no key is needed. On any other address create one first: `mien keys create`.
    """
    given: dict[str, Any] = {"host": host, "port": port, "home": home, "workers": workers}
    given["allow_no_key"] = allow_no_key or None
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    mien = build(settings)
    check_bind(settings, mien.keys)
    address = f"http://{settings.host}:{settings.port}"
    console = Console(stderr=True)
    console.print(f"[bold]mien[/] at {address}   home {settings.home}   {address}/docs", highlight=False)
    console.print(f"Python: HumeClient(api_key=…, base_url={address!r})", highlight=False)
    with Supervisor(worker_command(settings), settings.workers, mien.jobs):
        uvicorn.run(
            asgi(settings),
            host=settings.host,
            port=settings.port,
            log_level="info",
            access_log=False,  # addresses can carry keys
        )
    sys.exit(0)
