"""Prosody: what tone, rhythm and timbre of speech express."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from mien import labels
from mien.engines import Engines
from mien.media import Media
from mien.models.options import Options
from mien.segments import Cut, TranscriptionOptions
from mien.segments.speech import Spoken
from mien.segments.windows import Windows
from mien.types import Granularity, Interval, Prediction, Scores, Voiced


class WindowOptions(Options):
    """A sliding window over the audio, in seconds."""

    length: float = Field(default=4.0, ge=0.5)
    """Length of a window, in seconds."""
    step: float = Field(default=1.0, ge=0.5)
    """Seconds from the start of one window to the start of the next."""


class ProsodyOptions(Options):
    """Options of the prosody model."""

    granularity: Granularity = "utterance"
    """What one prediction covers."""
    window: WindowOptions | None = None
    """Measure sliding windows instead of words, sentences, utterances or turns."""
    identify_speakers: bool = False
    """Group predictions by speaker: `spk_0`, `spk_1` …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProsodyPrediction(Prediction):
    """One segment of speech; `time` is in seconds. `text` is its transcript and `confidence` the
    transcript's confidence (0 to 1), both None for windows; `speaker_confidence` is None unless speakers
    are identified."""

    text: str | None
    time: Interval
    confidence: float | None
    speaker_confidence: float | None
    emotions: Scores


class Prosody:
    """Hears how pieces of speech are said.

    Sliding windows are used when they are asked for, and when there are no words to cut by.
    """

    name: ClassVar[str] = "prosody"
    options: ClassVar[type[Options]] = ProsodyOptions
    prediction: ClassVar[type[Prediction]] = ProsodyPrediction

    def __init__(
        self, options: ProsodyOptions, engines: Engines, transcription: TranscriptionOptions | None
    ) -> None:
        window = options.window
        self.cut: Cut[Voiced]
        if window is None and transcription is not None:
            self.cut = Spoken(options.granularity, speakers=options.identify_speakers)
        else:
            window = window or WindowOptions()
            self.cut = Windows(window.length, window.step, spoken=True, speakers=options.identify_speakers)
        self._voice = engines.voice

    @staticmethod
    def applies(media: Media) -> bool:
        return media.has_sound

    def predict(self, segments: Sequence[Voiced]) -> list[ProsodyPrediction]:
        scores = self._voice.prosody([piece.heard for piece in segments])
        return [
            ProsodyPrediction(
                person=piece.person,
                text=piece.text,
                time=piece.time,
                confidence=piece.confidence,
                speaker_confidence=piece.speaker_confidence,
                emotions=Scores(labels.EXPRESSIONS, scores[i]),
            )
            for i, piece in enumerate(segments)
        ]
