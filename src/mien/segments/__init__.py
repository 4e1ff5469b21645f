"""The second room: a file is cut into the pieces that models want to see."""

from collections.abc import Iterator
from functools import cached_property
from math import floor
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mien.engines import Engines, TextReader, Transcriber
from mien.errors import EngineMissing, NotTranscribed, UnsupportedLanguage
from mien.labels import LANGUAGES
from mien.media import Media
from mien.segments.hearing import Hearing, hearing
from mien.segments.slices import slices
from mien.types import Interval, Metadata, Speech, Transcript, Turn

__all__ = ["Cut", "Reading", "TranscriptionOptions"]

S_co = TypeVar("S_co", covariant=True)

LANGUAGE_SHOWS = 2000
"""Characters by which the language of a text is told."""

UNDETERMINED = "und"
"""BCP-47's tag for text in no language that can be told."""

SURE_OF_LANGUAGE = 0.9
"""How likely a text must be in another language to be refused: few words tell little."""


class TranscriptionOptions(BaseModel):
    """How speech is transcribed."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    language: str | None = Field(default=None, json_schema_extra={"enum": [*LANGUAGES, None]})
    """The language spoken; null detects it."""
    identify_speakers: bool = False
    """End segments where the speaker changes. To group predictions by speaker, set the model's own
    `identify_speakers`."""
    confidence_threshold: float = Field(default=0.5, ge=0, le=1)
    """Transcripts with a lower confidence are rejected, as `unable to transcribe file`."""

    @field_validator("language")
    @classmethod
    def _known(cls, tag: str | None) -> str | None:
        if tag is not None and tag not in LANGUAGES:
            raise ValueError(f"must be one of {', '.join(LANGUAGES)}")
        return tag


class Reading:
    """One file while it is read: what several cuts need of it is made once."""

    def __init__(self, media: Media, engines: Engines, transcription: TranscriptionOptions | None) -> None:
        self.media = media
        self.transcription = transcription
        self.warnings: list[str] = []
        self._engines = engines
        self._failure: NotTranscribed | None = None  # who asks again need not wait again

    @cached_property
    def speech(self) -> tuple[Interval, ...]:
        """Where somebody speaks, in seconds."""
        return tuple(self._engines.voice_activity.speech(self.media.sound()))

    @cached_property
    def hearing(self) -> Hearing:
        """What the voice engine hears of it."""
        return hearing(self._engines.voice, self.media.sound())

    @cached_property
    def bursts(self) -> tuple[Interval, ...]:
        """Where there are vocal bursts, in seconds."""
        return tuple(self._engines.voice.find_bursts(self.hearing.rows))

    @cached_property
    def transcript(self) -> Transcript:
        """What is said.

        Raises:
            NotTranscribed: nothing is said, or too little of it was understood.
        """
        if self._failure is None:
            try:
                return self._transcribed()
            except NotTranscribed as failure:
                self._failure = failure
        raise self._failure

    @property
    def metadata(self) -> Metadata:
        return Metadata(confidence=self.transcript.confidence, detected_language=self.transcript.language)

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """Who speaks when; nothing, with a warning, where this server cannot tell speakers apart."""
        try:
            diarizer = self._engines.diarizer
        except EngineMissing as missing:
            self.warn(f"speakers were not identified: {missing}")
            return ()
        return tuple(diarizer.turns(self._stretches()))

    def warn(self, message: str) -> None:
        """Say that something asked for could only be done in part."""
        if message not in self.warnings:
            self.warnings.append(message)

    def _transcribed(self) -> Transcript:
        if self.transcription is None:
            raise NotTranscribed("there is no transcript: transcription is switched off")
        engine, wanted = self._engines.transcriber, self.transcription.language
        if wanted and engine.languages is not None and wanted.partition("-")[0] not in engine.languages:
            raise EngineMissing(
                f"{engine.label} cannot transcribe {wanted!r};"
                " `mien models pull whisper-small` gets one for other languages"
            )
        transcript = engine.transcribe(self._stretches(), wanted)
        threshold = self.transcription.confidence_threshold
        if transcript.confidence < threshold:
            sure = floor(transcript.confidence * 1000) / 1000  # rounding up could reach the threshold
            raise NotTranscribed(
                "unable to transcribe file:"  # the words of the retired API
                f" transcript confidence ({sure}) below threshold value ({threshold})."
                f" {self._advice(engine)}"
            )
        return transcript

    def _advice(self, engine: Transcriber) -> str:
        """What to do about words that were not understood; jobs, the stream and the command line each switch
        transcription off in their own way."""
        if not self.speech:
            return "No speech was found in it"
        more = "; `mien models pull whisper-small` gets a better engine" if engine.languages else ""
        off = "with transcription switched off, prosody needs no words"
        return f"{engine.label} recognised too little; {off}{more}"

    @cached_property
    def reader(self) -> TextReader:
        """Who reads its words: the reader of texts, or that of other languages where they are surely in one.

        Raises:
            UnsupportedLanguage: they are in a language that nothing here reads.
        """
        reader = self._engines.text_reader
        if reader.languages is None:
            return reader
        tag, sure = self._language
        if tag == UNDETERMINED or tag.partition("-")[0] in reader.languages:
            return reader
        if sure < SURE_OF_LANGUAGE:
            self.warn(
                f"the text may be in another language ({tag!r}, confidence {sure:.2f});"
                f" it was read by {reader.label}"
            )
            return reader
        try:
            other = self._engines.multilingual_reader
        except EngineMissing as missing:
            raise UnsupportedLanguage(
                f"the text is in a language ({tag!r}, confidence {sure:.2f})"
                f" that {reader.label} does not read;"
                " `mien models pull multilingual` adds an engine that reads it"
            ) from missing
        self.warn(f"the text ({tag!r}, confidence {sure:.2f}) was read by {other.label}: {other.caveat}")
        return other

    @property
    def _language(self) -> tuple[str, float]:
        """The language of the text or of what is said, and how sure that is. What was written down in a
        language is in it, however sure its words are."""
        text = self.media.text
        if text is None:
            if self.transcript.language:
                return self.transcript.language, 1.0
            text = " ".join(word.text for word in self.transcript.words)
        return self._engines.language_detector.language(text[:LANGUAGE_SHOWS])

    def _stretches(self) -> Iterator[Speech]:
        """Stretches of speech with their sound."""
        for time, sound in slices(self.media.sound(), self.speech):
            yield Speech(time=time, sound=sound)


class Cut(Protocol[S_co]):
    """Says how a file is to be cut. A frozen value: equal cuts are made once."""

    @property
    def transcribed(self) -> bool:
        """Whether the pieces rest on the transcript of a recording."""

    def segments(self, reading: Reading) -> Iterator[S_co]:
        """The pieces in order."""
