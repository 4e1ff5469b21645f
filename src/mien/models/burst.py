"""Vocal bursts: laughs, sighs, gasps and what they express."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from mien import labels
from mien.engines import Engines
from mien.media import Media
from mien.models.options import Options
from mien.segments import TranscriptionOptions
from mien.segments.bursts import Bursts
from mien.types import Interval, Prediction, Scores, Voiced


class BurstOptions(Options):
    """The burst model has no options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstPrediction(Prediction):
    """One vocal burst; `time` is in seconds. `descriptions` score what sound it is (Laugh, Sigh …)."""

    time: Interval
    emotions: Scores
    descriptions: Scores


class Burst:
    """Hears bursts, each from its begin to its end."""

    name: ClassVar[str] = "burst"
    options: ClassVar[type[Options]] = BurstOptions
    prediction: ClassVar[type[Prediction]] = BurstPrediction

    def __init__(
        self, options: BurstOptions, engines: Engines, transcription: TranscriptionOptions | None
    ) -> None:
        self.cut = Bursts()
        self._voice = engines.voice

    @staticmethod
    def applies(media: Media) -> bool:
        return media.has_sound

    def predict(self, segments: Sequence[Voiced]) -> list[BurstPrediction]:
        scores = self._voice.bursts([piece.heard for piece in segments])
        return [
            BurstPrediction(
                time=piece.time,
                emotions=Scores(labels.EXPRESSIONS, scores.expressions[i]),
                descriptions=Scores(labels.BURST_DESCRIPTIONS, scores.descriptions[i]),
            )
            for i, piece in enumerate(segments)
        ]
