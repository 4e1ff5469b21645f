"""`mien serve`: the API, and workers beside it."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from mien.cli.ended import threads_left_behind
from mien.cli.parts import speak
from mien.cli.work import command
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
        typer.Option(
            help="Folder for jobs, results and downloaded weights. [default: MIEN_HOME]", show_default=False
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Worker processes; with 0, only `mien work` measures. [default: 1]"),
    ] = None,
    allow_no_key: Annotated[
        bool, typer.Option("--allow-no-key", help="Serve without API keys on any address.")
    ] = False,
    ssl_certfile: Annotated[
        Path | None, typer.Option(help="Serve https and wss with this certificate (PEM).", show_default=False)
    ] = None,
    ssl_keyfile: Annotated[
        Path | None,
        typer.Option(help="Private key of the certificate, if in a separate file.", show_default=False),
    ] = None,
) -> None:
    """Serve the REST API, the stream and the web page.

    Clients of the retired Expression Measurement API work with it as they are.

    On 127.0.0.1 no API key is needed. For any other address, create one first: `mien keys create`.
    """
    from mien.api.auth import check_bind  # as in `parts`: only who serves waits for these
    from mien.api.server import server
    from mien.app import build, served

    given: dict[str, Any] = {"host": host, "port": port, "home": home, "workers": workers}
    given |= {"ssl_certfile": ssl_certfile, "ssl_keyfile": ssl_keyfile}
    given["allow_no_key"] = allow_no_key or None
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    speak()
    mien = build(settings)
    check_bind(settings, mien.keys)
    serving = server(served(mien), settings)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http{'s' * bool(settings.ssl_certfile)}://{host}:{settings.port}"
    console = Console(stderr=True)
    console.print(Text.assemble(("mien", "bold"), f" at {address}   home {settings.home}   {address}/docs"))
    console.print(Text(f"Python: HumeClient(api_key=…, base_url={address!r})"))
    # workers are processes of their own, and learn from the environment what was said here
    os.environ |= {"MIEN_HOME": str(settings.home), "MIEN_WORKERS": str(settings.workers)}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the workers are ended too
    # what is still measured for a session, nobody waits for
    with threads_left_behind(), Supervisor(command, settings.workers, settings, mien.jobs, mien.files):
        serving.run()
