"""The command line."""

import atexit
import gc
import logging
import os
import signal
import sys
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError

from mien.cli.doctor import doctor
from mien.cli.jobs import jobs
from mien.cli.keys import keys
from mien.cli.measure import measure
from mien.cli.models import models
from mien.cli.said import reason, say
from mien.cli.serve import serve
from mien.cli.work import work
from mien.errors import MienError
from mien.settings import unknown
from mien.wire.errors import explained

app = typer.Typer(
    name="mien",
    help="Measure expression in faces, voices and texts, on your own machine.",
    epilog="Settings are environment variables: MIEN_HOME, MIEN_PORT, … (docs/reference/settings.md)",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command()(measure)
app.command()(serve)
app.command()(work)


app.add_typer(models, name="models")
app.add_typer(jobs, name="jobs")
app.add_typer(keys, name="keys")
app.command()(doctor)


@app.callback()
def _common(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is being done.")] = False,
) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    for variable, meant in unknown(os.environ):
        say(f"note: there is no setting {variable}" + (f"; did you mean {meant}?" if meant else ""))
    # it would write whole addresses, whose queries may be keys
    logging.getLogger("httpx").setLevel(logging.WARNING)


def main() -> None:
    """Run the command line. What goes wrong is said in one line; 2 is the exit code then."""
    # OpenCV cuts small views alone: its threads wait for each other by spinning, a tenth of what faces cost
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")
    # what goes with the program need not be searched for circles first: that takes half a second and more
    atexit.register(gc.freeze)
    try:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # all is imported (`mien/__init__.py`)
        app()
    except MienError as error:
        _said(str(error))
    except ValidationError as error:  # of an environment variable
        _said(f"settings: {explained(error)}")
    except OSError as error:
        _said(reason(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _said(what: str) -> NoReturn:
    say(what)
    sys.exit(2)
