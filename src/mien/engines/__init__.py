"""The weights that models and cuts call on: the roles, and the engines that play them.

An engine is one file of this folder with a function named for each role it plays, which takes the
settings and gives the engine. `MIEN_<ROLE>=<file>` picks it; nothing imports it by name.
Engines hold no state between calls and may be called from several threads.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from threading import RLock
from time import monotonic
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from weakref import WeakSet

from mien.engines.views import View
from mien.errors import EngineError, EngineMissing
from mien.settings import Settings
from mien.types import (
    Box,
    Heard,
    Image,
    Interval,
    Landmarks,
    Passage,
    ReadText,
    ScoreTable,
    Sound,
    Speech,
    Transcript,
    Turn,
)
from mien.weights import pulled

log = logging.getLogger(__name__)

E = TypeVar("E")


VIEW = 192
"""Pixels of a side of the views that face engines are given."""

ALIGNED = 112
"""Pixels of a side of the views that tell faces apart: what ArcFace and its kin were trained on."""

LONGEST_STRETCH = 30.0
"""Seconds of speech that an engine is given at once: the window of whisper."""


def cores(settings: Settings) -> int:
    """Threads that one engine may use: as set, or this worker's share of the cores it may run on."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return settings.threads or max(1, here // max(1, settings.workers))


class Engine(Protocol):
    """What every engine says of itself."""

    @property
    def label(self) -> str:
        """What it is, for logs and `/healthz`: network, version, languages."""


class VoiceActivity(Engine, Protocol):
    """Knows where somebody speaks."""

    def speech(self, sound: Iterable[Sound]) -> Iterator[Interval]:
        """Stretches of speech in order, in seconds, each as soon as it has ended.

        None is longer than `LONGEST_STRETCH`: who speaks longer is cut where it hurts least.
        """


class Transcriber(Engine, Protocol):
    """Writes down what is said."""

    @property
    def languages(self) -> frozenset[str] | None:
        """The BCP-47 tags it can write; None is all of the API's."""

    def transcribe(self, stretches: Iterable[Speech], language: str | None) -> Transcript:
        """The words of a file from its stretches of speech, none longer than `LONGEST_STRETCH`.

        Word times are those of the file and stay within their stretch. Without a `language` it
        is detected, where the engine can.
        """


class Diarizer(Engine, Protocol):
    """Knows who speaks when."""

    def turns(self, stretches: Iterable[Speech]) -> Sequence[Turn]:
        """Who speaks in which part of the stretches, in order of time."""


class BurstScores(NamedTuple):
    """What vocal bursts sound like."""

    expressions: ScoreTable  # (pieces, 48)
    descriptions: ScoreTable  # (pieces, 67)


class Voice(Engine, Protocol):
    """Hears how something is said, and laughs, sighs, gasps.

    It hears a sound once, as rows of numbers that mean something to itself alone; what it says of any
    piece of that sound rests on the rows in it.
    """

    def hear(self, sounds: Sequence[Sound]) -> list[Heard]:
        """Of each sound a row for its begin, and for every `HEARD_STEP` up to its end."""

    def prosody(self, pieces: Sequence[Heard]) -> ScoreTable:
        """(pieces, 48) in the order of `EXPRESSIONS`. No piece is empty."""

    def find_bursts(self, heard: Heard) -> Sequence[Interval]:
        """Where there are vocal bursts, in order; seconds from the first row."""

    def bursts(self, pieces: Sequence[Heard]) -> BurstScores:
        """What bursts express and sound like. No piece is empty."""


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face in a picture, and how likely it is one."""

    box: Box
    probability: float
    view: View
    """What readers of faces are to see of the picture: the face upright, framed as they know it."""
    aligned: View
    """What is to be seen of the face to tell whose it is: eyes, nose and mouth where ArcFace has them."""


class FaceMemory:
    """What is remembered of a film, or of the pictures of one connection, from one to the next."""

    def __init__(self) -> None:
        self.known: list[Any] = []
        """Whom the face model has seen, by its own notes"""
        self.people = 0
        """How many it has seen"""
        self.scene: Any = None
        """What the finder saw last, likewise"""
        self._begun: float | None = None

    def elapsed(self) -> float:
        """Seconds since this was first asked: by which the pictures of one message of a connection come after
        those of its first."""
        now = monotonic()
        if self._begun is None:
            self._begun = now
        return now - self._begun


class Watched(NamedTuple):
    """A picture, the memory of those that came before it, the pixels a side below which faces do not matter,
    and when it is shown, in seconds."""

    image: Image
    memory: FaceMemory
    least: float = 0
    time: float = 0.0


class FaceFinder(Engine, Protocol):
    """Sees where faces are."""

    def find(self, images: Sequence[Watched]) -> list[list[FoundFace]]:
        """The faces of each image. Those with one memory are given in their order."""


class FaceScores(NamedTuple):
    """What faces look like."""

    expressions: ScoreTable  # (faces, 48)
    facs: ScoreTable  # (faces, 36)
    descriptions: ScoreTable  # (faces, 27)


class FaceReader(Engine, Protocol):
    """Sees what a face expresses."""

    def read(self, faces: Sequence[Image]) -> FaceScores:
        """What faces look like; each is the square view of it, `VIEW` pixels wide."""


class FaceIdentity(Engine, Protocol):
    """Sees whether two faces are one person's."""

    @property
    def alike(self) -> float:
        """Cosine of two faces from which they are taken for one person's."""

    def embed(self, faces: Sequence[Image]) -> ScoreTable:
        """(faces, n) of unit length: faces of one person lie close. Each is the aligned view, `ALIGNED`
        pixels wide."""


class MeshReader(Engine, Protocol):
    """Reads expressions from geometry alone."""

    def read_meshes(self, meshes: Sequence[Landmarks]) -> ScoreTable:
        """(meshes, 48)"""


class TextReader(Engine, Protocol):
    """Reads what words express and what they name."""

    @property
    def languages(self) -> frozenset[str] | None:
        """The BCP-47 tags it reads; None is any."""

    def read_texts(self, passages: Sequence[Passage]) -> list[ReadText]:
        """What each passage and its words express, and what they name. How many are given at once
        makes no difference but to speed."""


class MultilingualReader(TextReader, Protocol):
    """Reads texts in languages that the reader of texts does not know, and reads less in them."""

    @property
    def caveat(self) -> str:
        """What it does not read, or less well, to be said beside what it reads."""


class LanguageDetector(Engine, Protocol):
    """Knows which language a text is in."""

    def language(self, text: str) -> tuple[str, float]:
        """Its BCP-47 tag, and how likely the text is in that language or one much like it (0 to 1)."""


class _Role(Generic[E]):
    """An attribute of `Engines` that is loaded when first asked for; `work` is what it does."""

    def __init__(self, work: str) -> None:
        self.work = work

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, engines: "Engines", owner: type | None = None) -> E:
        engine: E = engines.load(self._name)
        return engine


class Engines:
    """The engines of this server: chosen by the settings, loaded when first needed, kept.

    Each role raises `EngineMissing` where nothing plays it, and `EngineError` where what should
    play it cannot be loaded. A process that was forked loads its own.
    """

    voice_activity = _Role[VoiceActivity]("finding speech in sound")
    transcriber = _Role[Transcriber]("writing down speech")
    diarizer = _Role[Diarizer]("telling speakers apart")
    voice = _Role[Voice]("reading tone of voice and vocal bursts")
    face_finder = _Role[FaceFinder]("finding faces")
    face_reader = _Role[FaceReader]("reading faces")
    face_identity = _Role[FaceIdentity]("telling faces apart")
    mesh_reader = _Role[MeshReader]("reading face meshes")
    text_reader = _Role[TextReader]("reading the language of texts")
    multilingual_reader = _Role[MultilingualReader]("reading texts in other languages")
    language_detector = _Role[LanguageDetector]("telling languages apart")

    def __init__(self, settings: Settings, package: str = __name__) -> None:
        """`package` is where the engines are looked for."""
        self._settings = settings
        self._package = package
        self._lock = RLock()
        self._loaded: dict[str, Engine] = {}
        _ALL.add(self)

    def face_memory(self) -> FaceMemory:
        """What is known of faces before a file is seen; what it shows is added. For a file by itself
        that is nothing."""
        return FaceMemory()

    def chosen(self) -> dict[str, str]:
        """The file that plays each role, without loading anything; empty where none does."""
        return {role: self._choice(role) for role in _ROLES}

    def _choice(self, role: str) -> str:
        name: str = getattr(self._settings, role)
        if name == "auto" and role in _AUTO:
            best, else_ = _AUTO[role]
            return best if pulled(self._settings.weights, best) else else_
        return name

    def load(self, role: str) -> Any:
        """The engine that plays a role."""
        if role in self._loaded:  # who needs this one does not wait while another is loaded
            return self._loaded[role]
        with self._lock:  # two threads that need an engine at once load it once
            if role in self._loaded:
                return self._loaded[role]
            name, work = self._choice(role), _ROLES[role].work
            if not name:
                raise EngineMissing(f"no engine for {work} is configured")
            if not name.isidentifier() or find_spec(f"{self._package}.{name}") is None:
                raise EngineMissing(f"there is no engine {name!r} for {work} (MIEN_{role.upper()})")
            try:
                make = getattr(import_module(f"{self._package}.{name}"), role)
            except AttributeError:
                raise EngineMissing(
                    f"the engine {name!r} is not one for {work} (MIEN_{role.upper()})"
                ) from None
            except ImportError as error:
                if isinstance(error.__cause__, KeyboardInterrupt):  # what native modules make of Ctrl-C
                    raise error.__cause__ from None
                raise EngineError(f"the engine {name!r} cannot be loaded: {error}") from error
            engine: Engine = make(self._settings)
            if name == "stub":
                log.warning("%s is the stub: its scores mean nothing", role)
            log.info("%s: %s", role, engine.label)
            self._loaded[role] = engine
            return engine

    def begin_anew(self) -> None:
        """In a process that was just forked: it has none of the threads of what was loaded, which would
        wait for them for ever; even to be closed, hence it is kept."""
        _FORMER.append(self._loaded)
        self._loaded = {}
        self._lock = RLock()  # another thread may have held it


_ROLES: dict[str, _Role[Any]] = {
    name: role for name, role in vars(Engines).items() if isinstance(role, _Role)
}

_AUTO = {
    "transcriber": ("whisper", "sphinx"),
    "face_identity": ("mobileface", "appearance"),
    "multilingual_reader": ("multilingual", ""),
}
"""What `auto` is: an engine for which weights of its name have been pulled; and what it is before."""

_ALL: WeakSet[Engines] = WeakSet()
_FORMER: list[dict[str, Engine]] = []
"""What processes that this one was forked from had loaded."""


def _begin_anew() -> None:
    for engines in _ALL:
        engines.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
