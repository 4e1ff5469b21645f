"""A server with keys, stub engines and a worker; one whose jobs nobody works on; and what to measure."""

import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zipfile import ZipFile

import pytest

from mien.app import App, build
from mien.settings import Settings
from tests.api.serving import api_of, serving
from tests.conftest import ROLES
from tests.jobs.conftest import working
from tests.media import film, picture, speech, talk


@dataclass(frozen=True)
class Server:
    """Where it is, what opens it, and its parts."""

    url: str
    key: str
    mien: App


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Files to measure: a recording, a film, a picture, and an archive of them with junk beside."""
    folder = tmp_path_factory.mktemp("media")
    talk(folder / "talk.wav", speech(2.0, 1.5))
    film(folder / "film.mp4", *[0] * 10, *[128] * 20, sound=speech(1.0), width=120, height=120)
    picture(folder / "wall.png", 0)
    with ZipFile(folder / "all.zip", "w") as archive:
        for name in ("talk.wav", "film.mp4", "wall.png"):
            archive.write(folder / name, f"inner/{name}")
        archive.writestr("inner/.DS_Store", b"\0\0\0\1Bud1")
    return folder


class _Files(SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/away":  # by another name than the one that is open to the server
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_port}/talk.wav")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def web(folder):
    """The address of the files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def _settings(home: Path) -> Settings:
    return Settings(
        home=home,
        require_key=True,
        open_hosts=("127.0.0.1",),
        poll_seconds=0.02,
        **dict.fromkeys(ROLES, "stub"),
    )


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    mien = build(_settings(tmp_path_factory.mktemp("server")))
    _, key = mien.keys.create_key("judges")
    with serving(api_of(mien)) as url, working(mien):
        yield Server(url, key, mien)


@pytest.fixture(scope="session")
def idle(tmp_path_factory, server):
    """A server whose jobs stay queued. The same key opens it."""
    settings = _settings(tmp_path_factory.mktemp("idle"))
    mien = build(settings)
    with serving(api_of(App(settings, mien.jobs, mien.files, server.mien.keys))) as url:
        yield Server(url, server.key, mien)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for the name that some clients have built in, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate, is not here")
    folder = tmp_path_factory.mktemp("tls")
    names = "subjectAltName=DNS:api.hume.ai,IP:127.0.0.1"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mien"]
    command += ["-addext", names, "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="session")
def secure(server, certificate):
    """The same server behind TLS."""
    cert, key = certificate
    settings = server.mien.settings.model_copy(update={"ssl_certfile": cert, "ssl_keyfile": key})
    mien = App(settings, server.mien.jobs, server.mien.files, server.mien.keys)
    with serving(api_of(mien), settings) as url:
        yield Server(url, server.key, mien)


# ── clients of others, installed once a machine


CACHE = Path.home() / ".cache" / "mien-tests"


@pytest.fixture(scope="session")
def legacy_python():
    """A Python that has hume 0.6.0."""
    return _python_with("hume[stream]==0.6.0")


@pytest.fixture(scope="session")
def python_before():
    """A Python that has hume 0.12.1, whose stream is written by hand."""
    return _python_with("hume==0.12.1")


def _python_with(package: str) -> Path:
    folder = _installed(
        package.replace("[", "-").replace("]", "").replace("==", "-"),
        [
            [sys.executable, "-m", "venv", "."],
            ["bin/python", "-m", "pip", "install", "-q", package],
        ],
    )
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def node():
    """Runs a script of this folder with npm hume 0.15.17."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Node is not installed")
    folder = _installed("npm-hume-0.15.17", [["npm", "install", "--silent", "hume@0.15.17"]])

    def run(script: str, *args: str, **environment: str) -> str:
        shutil.copy(Path(__file__).parent / script, folder)  # beside what it requires
        return output("node", str(folder / script), *args, **environment)

    return run


def _installed(name: str, commands: list[list[str]]) -> Path:
    folder = CACHE / name
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for command in commands:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"{name} cannot be installed here: {done.stderr[-300:]}")
        (folder / "complete").touch()
    return folder


def output(*command: str, **environment: str) -> str:
    """What a command prints. It must end well."""
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
