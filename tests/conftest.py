"""What tests of every room share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from mien.engines import Engines
from mien.settings import Settings
from tests.storage.postgres import server

# how fast a machine is proves nothing
hypothesis_settings.register_profile("mien", deadline=None)
hypothesis_settings.load_profile("mien")

ROLES = ("voice_activity", "transcriber", "diarizer", "voice", "face_finder")
ROLES += ("face_reader", "face_identity", "mesh_reader", "text_reader", "language_detector")


def pytest_collection_modifyitems(items):
    """Types first: they take one process most of a minute, in which the others have something to do."""
    items.sort(key=lambda item: item.path.name != "test_house.py")


@pytest.fixture
def settings(tmp_path):
    """A server of its own, whose engines are stubs."""
    return Settings(home=tmp_path / "home", **dict.fromkeys(ROLES, "stub"))


@pytest.fixture
def engines(settings):
    return Engines(settings)


@pytest.fixture(scope="session")
def shared():
    """The folder of recordings and weights of others that lies beside the repository."""
    folder = Path(os.environ.get("MIEN_SHARED") or Path(__file__).parent.parent.parent / "shared")
    if not folder.is_dir():
        pytest.skip("the folder `shared` does not lie beside the repository, and MIEN_SHARED is not set")
    return folder


@pytest.fixture(scope="session")
def postgres():
    """The URL of a PostgreSQL server of our own."""
    with server() as url:
        yield url
