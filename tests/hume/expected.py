"""What must come out, whichever way in was taken."""

from pathlib import Path
from typing import Any

from mien import measure
from tests.hume.conftest import Server

PROSODY = {"prosody": {"granularity": "sentence"}}
LANGUAGE = {"language": {"granularity": "sentence"}}
BOTH = {**PROSODY, "face": {}}
TEXTS = ["Hello!", "Bye."]
NOBODY = "00000000-0000-4000-8000-000000000000"


def results(server: Server, folder: Path) -> dict[str, Any]:
    """The results of the four starts, from measuring the same without a server."""
    settings = server.mien.settings
    return {
        "url": measure(folder / "talk.wav", models=PROSODY, settings=settings).to_dict()["results"],
        "file": measure(folder / "talk.wav", models=PROSODY, settings=settings).to_dict()["results"],
        "text": measure(text=TEXTS, models=LANGUAGE, settings=settings).to_dict()["results"],
        "archive": measure(folder / "all.zip", models=BOTH, settings=settings).to_dict()["results"],
    }


ARTIFACTS = {
    "url": ["url-0-talk.wav/csv/talk.wav/prosody.csv"],
    "file": ["file-0-talk.wav/csv/talk.wav/prosody.csv"],
    "text": ["text-0/csv/0/language.csv", "text-0/csv/1/language.csv"],
    "archive": [
        "file-0-all.zip/csv/inner/film.mp4/face.csv",
        "file-0-all.zip/csv/inner/film.mp4/prosody.csv",
        "file-0-all.zip/csv/inner/talk.wav/prosody.csv",
        "file-0-all.zip/csv/inner/wall.png/face.csv",
    ],
}
