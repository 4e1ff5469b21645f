"""What must come back over a socket, whichever client asks."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

from mien.media.apart import Decoders
from mien.media.decoder import command
from mien.stream.figures import Figures
from mien.stream.payload import bounds
from mien.stream.session import Session
from mien.stream.together import SharedEngines
from tests.hume.conftest import Server
from tests.media import mesh

FACES = [mesh(1.0).round(3).tolist(), mesh(0.5).round(3).tolist()]
WINDOW = {"stream_window_ms": 3000}


def replies(server: Server, folder: Path) -> dict[str, Any]:
    """The replies to a conversation of one connection, from a session without a socket."""
    settings = server.mien.settings
    decoders = Decoders(command(bounds(settings)), 1)
    session = Session(SharedEngines(settings, at_once=1), decoders, settings, Figures())

    def ask(**said: Any) -> Any:
        return json.loads(session.answer(json.dumps(said)))

    def file(name: str) -> str:
        return b64encode((folder / name).read_bytes()).decode()

    sentence = {"language": {"granularity": "sentence", "sentiment": {}, "toxicity": {}}}
    return {
        "talk": ask(data=file("talk.wav"), models={"prosody": {}, "burst": {}}, **WINDOW),
        "film": ask(data=file("film.mp4"), models={"face": {"facs": {}, "descriptions": {}}}),
        "wall": ask(data=file("wall.png"), models={"face": {}}),
        "text": ask(data="Hello! Bye.", raw_text=True, models=sentence),
        "passage": ask(data="Hello! Bye.", raw_text=True, models={"language": {"granularity": "passage"}}),
        "file": ask(data=file("words.txt"), models={"language": {}}),
        "facemesh": ask(data=json.dumps(FACES), models={"facemesh": {}}),
        "mismatch": ask(data=file("wall.png"), models={"prosody": {}}),
        "hello": ask(data=file("hello.mp3"), models={"prosody": {}}, **WINDOW),
        "again": ask(data=file("hello.mp3"), models={"prosody": {}}, **WINDOW),
        "afresh": ask(data=file("hello.mp3"), models={"prosody": {}}, reset_stream=True, **WINDOW),
    }
