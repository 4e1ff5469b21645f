"""What tests of every room share."""

import os
import shutil
import subprocess
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


@pytest.fixture
def certificate(tmp_path):
    """A certificate with its key in the same file."""
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate, is not here")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mien"]
    command += ["-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_text((tmp_path / "cert.pem").read_text() + (tmp_path / "key.pem").read_text())
    return both
