"""Language: what words express, how positive they are, how toxic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from mien import labels
from mien.engines import Engines
from mien.media import Media
from mien.models.options import Options, Switch
from mien.segments import TranscriptionOptions
from mien.segments.passages import Passages
from mien.types import Granularity, Interval, Prediction, ReadPassage, Scores


class LanguageOptions(Options):
    """Options of the language model."""

    granularity: Granularity = "word"
    """What one prediction covers."""
    sentiment: Switch | None = None
    """Also score sentiment, from 1 (negative) to 9 (positive). `{}` turns it on."""
    toxicity: Switch | None = None
    """Also score six kinds of toxicity. `{}` turns it on."""
    identify_speakers: bool = False
    """Group predictions by speaker: `spk_0`, `spk_1` …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguagePrediction(Prediction):
    """One passage of text or speech. `position` is in characters of the text or of the whole transcript.
    `time` (in seconds) and `confidence` (of the transcript, 0 to 1) are None for written text;
    `speaker_confidence` is None unless speakers are identified. `sentiment` is the share of people who
    would choose each mark from "1" (negative) to "9" (positive); the nine sum to one. It and `toxicity` are
    None unless requested."""

    text: str
    position: Interval
    time: Interval | None
    confidence: float | None
    speaker_confidence: float | None
    emotions: Scores
    sentiment: Scores | None = None
    toxicity: Scores | None = None


class Language:
    """Reads passages of a text or of what was said."""

    name: ClassVar[str] = "language"
    options: ClassVar[type[Options]] = LanguageOptions
    prediction: ClassVar[type[Prediction]] = LanguagePrediction

    def __init__(
        self,
        options: LanguageOptions,
        engines: Engines,
        transcription: TranscriptionOptions | None,
    ) -> None:
        # words are read within their sentence
        granularity = "sentence" if options.granularity == "word" else options.granularity
        self.cut = Passages(granularity, speakers=options.identify_speakers)
        self._options = options
        _ = engines.text_reader  # missed here rather than in the middle of the file

    @staticmethod
    def applies(media: Media) -> bool:
        return media.text is not None or media.has_sound

    def predict(self, segments: Sequence[ReadPassage]) -> list[LanguagePrediction]:
        return [prediction for piece in segments for prediction in self._predictions(piece)]

    def _predictions(self, piece: ReadPassage) -> Iterator[LanguagePrediction]:
        """One of the whole piece, or one of each of its words."""
        scores, whole = piece.read.scores, piece.passage
        toxicity = scores.toxicity if self._options.toxicity else None
        rows = enumerate(whole.words, 1) if self._options.granularity == "word" else [(0, whole)]
        for row, one in rows:
            yield LanguagePrediction(
                person=one.person,
                text=one.text,
                position=one.position,
                time=one.time,
                confidence=one.confidence,
                speaker_confidence=one.speaker_confidence,
                emotions=Scores(labels.SPOKEN_EXPRESSIONS, scores.expressions[row]),
                sentiment=Scores(labels.SENTIMENT, scores.sentiment[row])
                if self._options.sentiment
                else None,
                toxicity=None if toxicity is None else Scores(labels.TOXICITY, toxicity[row]),
            )
