"""Puts it together: the only module that knows every concrete part."""

from dataclasses import dataclass

from fastapi import FastAPI

from mien import web
from mien.api import api
from mien.api.auth import Door
from mien.jobs.store import FileStore, JobStore, KeyStore
from mien.settings import Settings
from mien.storage.files import Files
from mien.storage.sql import SqlStore
from mien.stream.socket import Sockets


@dataclass(frozen=True, slots=True)
class App:
    """The parts that a server, a worker and the command line share."""

    settings: Settings
    jobs: JobStore
    files: FileStore
    keys: KeyStore


def build(settings: Settings) -> App:
    """The parts as the settings want them. The home is made where there is none.

    Raises:
        RequestError: the home cannot be written to.
    """
    settings.make_home()
    store = SqlStore(settings.database)
    return App(settings=settings, jobs=store, files=Files(settings.files), keys=store)


def served(mien: App) -> FastAPI:
    """The web application over these parts: REST, the stream, and the page."""
    sockets = Sockets(mien.settings, Door(mien.settings, mien.keys))
    app = api(mien.settings, mien.jobs, mien.files, mien.keys, figures=(sockets.figures,))
    app.include_router(sockets.routes())
    app.state.farewell = sockets.end
    app.include_router(web.routes())
    return app
