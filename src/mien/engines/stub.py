"""Engines without weights: exact, instant, and the same on every machine. For tests alone.

Their scores are simple sums of what they are given, so that a test can say what must come out.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np

from mien import labels
from mien.engines import LONGEST_STRETCH, BurstScores, FaceScores, FoundFace, Watched
from mien.engines.views import View
from mien.settings import Settings
from mien.types import (
    HEARD_STEP,
    SOUND_RATE,
    Box,
    Entity,
    Heard,
    Image,
    Interval,
    Landmarks,
    Passage,
    ReadText,
    ScoreTable,
    Sound,
    Speech,
    TextScores,
    Transcript,
    Turn,
    Word,
    sureness,
)

LOUD = 0.01
"""Root mean square from which the stub takes a tenth of a second for speech."""


class Stub:
    """Plays every role."""

    label = "stub (no measurement)"
    languages: frozenset[str] | None = None
    caveat = "it means nothing"
    alike = 0.5

    def speech(self, sound: Iterable[Sound]) -> Iterator[Interval]:
        """Speech is where it is loud, in steps of a tenth of a second."""
        step = SOUND_RATE // 10
        held, at, begin = np.empty(0, np.float32), 0, None
        for chunk in sound:
            held = np.concatenate([held, chunk])
            while len(held) >= step:
                loud = _level(held[:step]) >= LOUD
                long = begin is not None and at - begin >= LONGEST_STRETCH * SOUND_RATE
                if begin is not None and (long or not loud):
                    yield Interval(begin / SOUND_RATE, at / SOUND_RATE)
                    begin = None
                if loud and begin is None:
                    begin = at
                held, at = held[step:], at + step
        if begin is not None:
            yield Interval(begin / SOUND_RATE, at / SOUND_RATE)

    def transcribe(self, stretches: Iterable[Speech], language: str | None) -> Transcript:
        """One word each half second, ten to a sentence."""
        words: list[Word] = []
        for stretch in stretches:
            begin = stretch.time.begin
            while begin < stretch.time.end:
                end = min(begin + 0.5, stretch.time.end)
                stop = "." if len(words) % 10 == 9 else ""
                words.append(Word(text=f"word{len(words)}{stop}", time=Interval(begin, end), confidence=0.9))
                begin = end
        return Transcript(words=tuple(words), confidence=sureness(words), language=language or "en")

    def turns(self, stretches: Iterable[Speech]) -> list[Turn]:
        """Two speakers who take stretches in turn."""
        return [
            Turn(time=stretch.time, person=f"spk_{i % 2}", confidence=0.8)
            for i, stretch in enumerate(stretches)
        ]

    def hear(self, sounds: Sequence[Sound]) -> list[Heard]:
        """How loud it is."""
        step = round(HEARD_STEP * SOUND_RATE)
        return [
            np.array([[_level(sound[k : k + step])] for k in range(0, len(sound) + 1, step)], np.float16)
            for sound in sounds
        ]

    def prosody(self, pieces: Sequence[Heard]) -> ScoreTable:
        """Excitement is how loud it is."""
        table = _table(len(pieces), labels.EXPRESSIONS)
        table[:, labels.EXPRESSIONS.index("Excitement")] = [
            _level(piece.astype(np.float32)) for piece in pieces
        ]
        return table

    def find_bursts(self, heard: Heard) -> list[Interval]:
        """A burst is where it is loud."""
        loud = np.flatnonzero(np.diff(np.pad(heard.max(1, initial=0) >= LOUD, 1).astype(int)))
        return [Interval(b * HEARD_STEP, e * HEARD_STEP) for b, e in loud.reshape(-1, 2).tolist()]

    def bursts(self, pieces: Sequence[Heard]) -> BurstScores:
        """All are laughs."""
        descriptions = _table(len(pieces), labels.BURST_DESCRIPTIONS)
        descriptions[:, labels.BURST_DESCRIPTIONS.index("Laugh")] = 1.0
        return BurstScores(self.prosody(pieces), descriptions)

    def find(self, images: Sequence[Watched]) -> list[list[FoundFace]]:
        """A picture that is not black is one face, a hundred pixels wide at most."""
        return [
            [_found(min(100, image.shape[1]), min(100, image.shape[0]))] if image.max(initial=0) > 32 else []
            for image, *_ in images
        ]

    def read(self, faces: Sequence[Image]) -> FaceScores:
        """Joy is how bright the face is."""
        expressions = _table(len(faces), labels.EXPRESSIONS)
        expressions[:, labels.EXPRESSIONS.index("Joy")] = [face.mean() / 255 for face in faces]
        return FaceScores(
            expressions,
            _table(len(faces), labels.FACS),
            _table(len(faces), labels.FACE_DESCRIPTIONS),
        )

    def embed(self, faces: Sequence[Image]) -> ScoreTable:
        """Persons are told apart by the quarter of brightness that they fall in."""
        quarters = [min(3, int(face.mean() // 64)) for face in faces]
        return np.eye(4, dtype=np.float32)[quarters]

    def read_meshes(self, meshes: Sequence[Landmarks]) -> ScoreTable:
        """Joy is how wide the mesh is."""
        table = _table(len(meshes), labels.EXPRESSIONS)
        table[:, labels.EXPRESSIONS.index("Joy")] = [float(np.ptp(mesh[:, 0])) for mesh in meshes]
        return table

    def language(self, text: str) -> tuple[str, float]:
        """German where there is an ß, else English."""
        return ("de" if "ß" in text else "en", 1.0)

    def read_texts(self, passages: Sequence[Passage]) -> list[ReadText]:
        """Joy is the share of exclamation marks; sentiment is always in the middle; every word that
        begins with a capital is a person."""
        return [
            ReadText(_exclaimed([passage, *passage.words]), partial(_capitals, passage.text))
            for passage in passages
        ]


def _exclaimed(texts: Sequence[Passage]) -> TextScores:
    expressions = _table(len(texts), labels.SPOKEN_EXPRESSIONS)
    expressions[:, labels.SPOKEN_EXPRESSIONS.index("Joy")] = [
        one.text.count("!") / len(one.text) for one in texts
    ]
    sentiment = _table(len(texts), labels.SENTIMENT)
    sentiment[:, labels.SENTIMENT.index("5")] = 1.0
    return TextScores(expressions, sentiment, _table(len(texts), labels.TOXICITY))


def _capitals(text: str) -> tuple[Entity, ...]:
    return tuple(
        Entity(text=word.group(), position=Interval(*word.span()), kind="PERSON", confidence=1.0)
        for word in re.finditer(r"\S+", text)
        if word.group()[0].isupper()
    )


def _found(width: float, height: float) -> FoundFace:
    view = View(width / 2, height / 2, min(width, height))
    return FoundFace(Box(0.0, 0.0, width, height), 1.0, view, view)


def _level(sound: Sound) -> float:
    return float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0


def _table(rows: int, names: Sequence[str]) -> ScoreTable:
    return np.zeros((rows, len(names)), np.float32)


def _stub(settings: Settings) -> Stub:
    return Stub()


voice_activity = transcriber = diarizer = voice = _stub
face_finder = face_reader = face_identity = mesh_reader = text_reader = multilingual_reader = (
    language_detector
) = _stub
