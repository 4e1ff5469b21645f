"""Puts it together: the only module that knows every concrete part."""

from dataclasses import dataclass

from fastapi import FastAPI

from mien.api import api
from mien.jobs.store import FileStore, JobStore, KeyStore
from mien.settings import Settings
from mien.storage.files import Files
from mien.storage.sql import SqlStore


@dataclass(frozen=True, slots=True)
class App:
    """The parts that a server, a worker and the command line share."""

    settings: Settings
    jobs: JobStore
    files: FileStore
    keys: KeyStore


def build(settings: Settings) -> App:
    """The parts as the settings want them. The home is made where there is none."""
    settings.home.mkdir(parents=True, exist_ok=True)
    store = SqlStore(settings.database)
    return App(settings=settings, jobs=store, files=Files(settings.files), keys=store)


def asgi(settings: Settings) -> FastAPI:
    """The web application."""
    mien = build(settings)
    return api(settings, mien.jobs, mien.files, mien.keys)
