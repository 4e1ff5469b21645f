"""What the commands of the server share."""

import logging
from typing import TYPE_CHECKING

from mien.settings import Settings

if TYPE_CHECKING:
    from mien.app import App


def speak() -> None:
    """Let a server or a worker say what it does: which engines, which jobs; single requests only
    when it is to be verbose."""
    root, ours = logging.getLogger(), logging.getLogger("mien")
    if root.level > logging.INFO:
        ours.setLevel(logging.INFO)
        ours.getChild("api.health").setLevel(logging.WARNING)


def parts(settings: Settings) -> "App":
    """As `mien.app.build`, which is imported only now: with it come the database and the web, and
    who measures a file does not want to wait for them."""
    from mien.app import build

    return build(settings)
