"""The parts of the server, for commands that need them."""

from typing import TYPE_CHECKING

from mien.settings import Settings

if TYPE_CHECKING:
    from mien.app import App


def parts(settings: Settings) -> "App":
    """As `mien.app.build`, which is imported only now: with it come the database and the web, and
    who measures a file does not want to wait for them."""
    from mien.app import build

    return build(settings)
