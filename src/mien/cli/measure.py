"""`mien measure`: files in, a readable table and the wire's files out."""

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from mien import __version__
from mien.cli.bars import Bars
from mien.cli.ended import ended_like_by_hand
from mien.cli.inputs import Input, expanded
from mien.cli.outputs import Outputs
from mien.cli.said import reason, say
from mien.cli.table import shown
from mien.cli.unfinished import UNFINISHED, Unfinished
from mien.door import Opened, measured, measured_texts, open_source, wished, written
from mien.engines import Engines
from mien.errors import EngineError, EngineMissing, MediaError, NotTranscribed, RequestError
from mien.formats import Folder
from mien.formats.drawing import draw as draw_faces
from mien.formats.folder import LocalFolder, keep
from mien.measure import Wish
from mien.media import Media
from mien.models import MODELS
from mien.models.face import FaceOptions
from mien.segments import TranscriptionOptions
from mien.settings import Settings
from mien.types import FileMeasurement, FileSource, Granularity, Problem, Source, TextSource, UrlSource

NAMED = 10
"""Files that are named in the end, of those of which something is missing."""


def measure(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE|URL|FOLDER|- …",
            help="What to measure: files, archives (.zip, .tar.gz, .tar.bz2, .tar.xz), http(s) URLs,"
            " folders with everything in them but results, or - for standard input.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option("--text", "-t", help="A text to measure. Can be repeated.")
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(
            "--models",
            "-m",
            help=f"Models to run, separated by commas: {', '.join(MODELS)}."
            " By default, all that this machine has an engine for.",
        ),
    ] = None,
    granularity: Annotated[
        Granularity | None,
        typer.Option(
            help="What one prediction of prosody and language covers."
            " By default, an utterance of prosody and a word of language.",
            show_default=False,
        ),
    ] = None,
    window: Annotated[
        str | None,
        typer.Option(
            metavar="L,S",
            help="Measure prosody in windows of L seconds, one every S seconds (1 if left out), e.g. 4,1.",
        ),
    ] = None,
    identify_speakers: Annotated[
        bool, typer.Option("--identify-speakers", help="Group predictions by speaker.")
    ] = False,
    identify_faces: Annotated[bool, typer.Option("--identify-faces", help="Group faces by person.")] = False,
    fps_pred: Annotated[
        float, typer.Option(help="Frames of a video to analyse per second; 0 analyses every frame.", min=0)
    ] = FaceOptions.model_fields["fps_pred"].default,
    facs: Annotated[bool, typer.Option("--facs", help="Also score facial action units (FACS).")] = False,
    descriptions: Annotated[
        bool, typer.Option("--descriptions", help="Also score descriptions of faces: Smile, Frown …")
    ] = False,
    min_face_size: Annotated[
        int,
        typer.Option(help="Drop smaller faces (pixels of the shorter side), except in small images.", min=0),
    ] = FaceOptions.model_fields["min_face_size"].default,
    prob_threshold: Annotated[
        float, typer.Option(help="Drop detections with a lower face probability.", min=0, max=1)
    ] = FaceOptions.model_fields["prob_threshold"].default,
    save_faces: Annotated[
        bool, typer.Option("--save-faces", help="Save cropped faces as PNG in the artifacts archive.")
    ] = False,
    sentiment: Annotated[
        bool,
        typer.Option(
            "--sentiment", help="Also score the sentiment of texts, from 1 (negative) to 9 (positive)."
        ),
    ] = False,
    toxicity: Annotated[
        bool, typer.Option("--toxicity", help="Also score six kinds of toxicity in texts.")
    ] = False,
    language: Annotated[
        str | None, typer.Option(help="The language spoken, e.g. en. By default it is detected.")
    ] = None,
    transcription: Annotated[
        bool,
        typer.Option(
            help="Transcribe speech. Without a transcript, prosody is measured in windows,"
            " and language and ner read texts only."
        ),
    ] = True,
    confidence_threshold: Annotated[
        float, typer.Option(help="Reject transcripts with a lower confidence (0 to 1).")
    ] = 0.5,
    json: Annotated[
        Path | None,
        typer.Option(
            metavar="F", help="Write JSON as `…/predictions` of the API returns it; - for standard output."
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write one CSV per model over all files, the same file by file, and what their columns mean,"
            " into a folder that has none of them yet.",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with a run that did not get to its end, in the folder of --csv: what it has measured"
            " is not measured again. Give the same options; files may have been added.",
        ),
    ] = False,
    artifacts: Annotated[
        Path | None,
        typer.Option(metavar="ZIP", help="Write the artifacts archive: CSVs, and the faces of --save-faces."),
    ] = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Draw the detected faces into a folder: one SVG per frame, at most --rows per video.",
        ),
    ] = None,
    rows: Annotated[int, typer.Option(help="Predictions shown per file; 0 shows all.", min=0)] = 12,
) -> None:
    """Measure expression in files, URLs, folders or texts.

    A score is the share of average people who, given only this piece, would say that it expresses
    this. It is no claim about what somebody feels.

    Exit code: 0 everything was measured and written, 1 something was not, 2 nothing was measured.

    Examples:

      mien measure call.mp3

      mien measure interviews/ --models prosody --window 4,1 --csv scores/

      mien measure https://example.org/talk.mp4 --granularity sentence --json -

      mien measure video.mp4 --models face --facs --fps-pred 10 --identify-faces

      mien measure reviews.txt --granularity sentence --sentiment --toxicity
    """
    settings = Settings()
    engines = Engines(settings)
    options = _options(granularity, window, identify_speakers)
    if save_faces and not artifacts:
        raise typer.BadParameter("the faces lie in the artifacts: --artifacts faces.zip says where")
    options["face"] = {"identify_faces": identify_faces, "fps_pred": fps_pred, "save_faces": save_faces}
    options["face"] |= {"min_face_size": min_face_size, "prob_threshold": prob_threshold}
    options["face"] |= _switched(facs=facs, descriptions=descriptions)
    options["language"] |= _switched(sentiment=sentiment, toxicity=toxicity)
    spoken = None
    if transcription:
        spoken = {
            "language": language,
            "identify_speakers": identify_speakers,
            "confidence_threshold": confidence_threshold,
        }
    if not inputs and not text:
        raise RequestError("nothing to measure: name a file, an address or a folder, or give --text")
    names = [name for part in (models or ",".join(MODELS)).split(",") if (name := part.strip())]
    wish = wished({name: options.get(name) for name in names}, spoken)
    outputs = Outputs(json=json, csv=csv, artifacts=artifacts, draw=draw)
    outputs.check(resume)
    with ended_like_by_hand(), TemporaryDirectory(prefix="mien-") as work:
        how = f"{__version__} {wish} {engines.chosen()}"
        kept = Unfinished(csv / UNFINISHED if csv else Path(mkdtemp(prefix="mien-")), how)
        console = _Console(to_be_written=bool(json or csv or artifacts or draw), stderr=str(json) == "-")
        run = _Run(Path(work), kept, settings, engines, wish, bool(models), rows, draw, console)
        unwritten: list[str] = []
        try:
            try:
                run.measure([*expanded(inputs or [], outputs.paths)], text or [])
            finally:  # also when it was interrupted: what was measured is not lost, nor what another run did
                if run.is_over or run.good:
                    try:
                        unwritten = outputs.write(run.results)
                    except (KeyboardInterrupt, SystemExit):
                        unwritten = ["the writing was interrupted"]
                        raise
        finally:
            for line in unwritten:
                say(line)
            if unwritten:
                say(f"what was measured is kept in {kept.path}: a folder a file, JSON and CSVs")
            if csv and kept.is_of_use and (unwritten or run.bad or not run.is_over):
                say("to go on from here, without measuring again what is finished: the same with --resume")
            elif not unwritten:
                shutil.rmtree(kept.path, ignore_errors=True)
    raise typer.Exit(max(run.exit_code, 1 if unwritten else 0))


class _Console(Console):
    """Prints for somebody who may have seen enough (`| head`): then no more is measured, unless it is to be
    written somewhere."""

    def __init__(self, to_be_written: bool, stderr: bool) -> None:
        super().__init__(stderr=stderr)
        self._to_be_written = to_be_written

    def on_broken_pipe(self) -> None:
        try:
            super().on_broken_pipe()  # nothing more is printed
        except SystemExit as end:
            if not self._to_be_written:
                raise typer.Exit(1) from end


@dataclass
class _Run:
    """One call of the command: what is measured is kept in files, so that memory stays flat."""

    work: Path
    """For what is fetched and unpacked."""
    kept: Unfinished
    settings: Settings
    engines: Engines
    wish: Wish
    are_named: bool
    """Whether somebody asked for just these models."""
    rows: int
    draw: Path | None
    console: Console
    results: list[tuple[Source, list[Folder]]] = field(default_factory=list)
    good: int = 0
    bad: list[str] = field(default_factory=list)
    """The files of which something is missing."""
    is_over: bool = False
    """Whether there is nothing left to measure."""
    _media: Media | None = None
    _noted: set[str] = field(default_factory=set)

    @property
    def exit_code(self) -> int:
        return 0 if not self.bad else 1 if self.good else 2

    def measure(self, inputs: Sequence[Input], texts: Sequence[str]) -> None:
        sources = len(inputs) + bool(texts)
        try:
            with Bars(sources) as bars:
                for one in inputs:
                    bars.begin(one.name)
                    self._measure(one, bars)
                if texts:
                    self._keep(TextSource(), "", measured_texts(texts, self.wish, self.engines))
        except (KeyboardInterrupt, SystemExit):
            say(f"interrupted at {len(self.results)} of {sources}; nothing after that was measured")
            raise
        self.is_over = True
        self._sum_up()

    def _sum_up(self) -> None:
        """Of many files, which to look for: what was said of them may have scrolled away."""
        files = sum(len(folders) for _, folders in self.results)
        if self.bad and files > 1:
            rest = len(self.bad) - NAMED
            named = ", ".join(self.bad[:NAMED]) + (f" and {rest} more" if rest > 0 else "")
            say(f"in {len(self.bad)} of {files} files something could not be measured: {named}")

    def _measure(self, one: Input, bars: Bars) -> None:
        if _is_address(one) and self._is_measured(UrlSource(one.given), one.name):
            bars.skip()  # nor is it fetched
            return
        source, name, files = self._source(one, bars.followed)
        if self._is_measured(source, name):
            bars.skip()
            return
        bad = len(self.bad)
        place = self._keep(source, name, files)
        if len(self.bad) == bad:
            self.kept.done(place, source)

    def _is_measured(self, source: Source, name: str) -> bool:
        """Whether the run that this one goes on with has measured a source: then its results are taken."""
        folders = self.kept.earlier(source)
        if folders:
            self.results.append((source, folders))
            self.good += len(folders)
            self.console.print(Text.assemble((name, "bold"), ("  measured before", "dim")))
        return bool(folders)

    def _source(
        self, one: Input, through: Callable[[Media], Media]
    ) -> tuple[Source, str, Iterable[FileMeasurement]]:
        """The source, what it is called, and its files."""
        work = self.work / str(len(self.results))
        work.mkdir()
        try:
            if one.refusal:
                raise MediaError(one.refusal)
            given = sys.stdin.buffer.read() if one.given == "-" else one.given
            opened = open_source(given, work, self.settings, one.name)
        except (MediaError, OSError) as error:
            source: Source = (
                UrlSource(written(one.given))
                if _is_address(one)
                else FileSource(filename=one.name, content_type=None, md5sum="")
            )
            return source, one.name, [FileMeasurement.unread(one.name, reason(error))]
        return opened.source, opened.name, self._files(opened, work, through)

    def _files(
        self, opened: Opened, work: Path, through: Callable[[Media], Media]
    ) -> Iterator[FileMeasurement]:
        def noted(media: Media) -> Media:
            self._media = media
            return through(media)

        try:
            yield from measured(opened, self.wish, self.engines, self.settings, work, noted)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _keep(self, source: Source, name: str, files: Iterable[FileMeasurement]) -> Path:
        """Where in `kept` the files went."""
        folders: list[Folder] = []
        place = self.kept.new()
        self.results.append((source, folders))
        try:
            for file in map(self._without_missed, _to_their_end(files, name)):
                folder = LocalFolder(place / str(len(folders)))
                try:
                    keep(file, folder)
                except OSError as error:  # of writing, which says not where
                    raise OSError(error.errno, error.strerror, str(self.kept.path)) from error
                folders.append(folder)
                called = f"{name}/{file.file}" if name and name != file.file else file.file  # in an archive
                drawn = f"{len(self.results)}-{len(folders)}-{Path(file.file).name}"
                self._tell(file, called, drawn)
        except BaseException:
            if not folders:  # it would look like a source without faults
                self.results.pop()
            raise
        return place

    def _without_missed(self, file: FileMeasurement) -> FileMeasurement:
        """Where others measured the file, models that nobody named may be missing: for want of words that
        were not to be written down, or of an engine, which is noted once."""
        if self.are_named or not file.models:
            return file
        return replace(file, errors=tuple(one for one in file.errors if not self._is_missed(one)))

    def _is_missed(self, problem: Problem) -> bool:
        if problem.kind is NotTranscribed:
            return self.wish.transcription is None
        if problem.kind is not EngineMissing or not problem.model or _makes(problem.model, self.engines):
            return False
        if problem.model not in self._noted:
            say(f"note: {problem.model} is left out: {problem.message}")
            self._noted.add(problem.model)
        return True

    def _tell(self, file: FileMeasurement, called: str, drawn: str) -> None:
        if file.errors or not file.models:
            self.bad.append(called)
        self.good += bool(file.models)
        shown(file, called, self.console, self.rows)
        if self.draw and self._media and "face" in file.models:
            draw_faces(file.models["face"], self._media.frames, LocalFolder(self.draw / drawn), self.rows)
        if not file.models and not file.errors:
            self.console.print("  none of the models asked for measures such files", style="yellow")


def _to_their_end(files: Iterable[FileMeasurement], name: str) -> Iterator[FileMeasurement]:
    """The files of a source; where these break off, an error stands for the one under way. Texts, which are
    called by their numbers, have no name."""
    done = 0
    try:
        for file in files:
            yield file
            done += 1
    except (EngineError, OSError) as error:  # other sources may be spared it
        rest = "; nothing after this was measured" if done else ""
        yield FileMeasurement.unread(name or str(done), reason(error) + rest)
    except (KeyboardInterrupt, SystemExit):
        yield FileMeasurement.unread(name or str(done), "was not measured: it was interrupted")
        raise


def _is_address(one: Input) -> bool:
    return one.given.startswith(("http://", "https://"))


def _options(granularity: str | None, window: str | None, speakers: bool) -> dict[str, dict[str, Any]]:
    options: dict[str, dict[str, Any]] = {name: {} for name in MODELS} | {
        "prosody": {"identify_speakers": speakers},
        "language": {"identify_speakers": speakers},
        "ner": {"identify_speakers": speakers},
    }
    if granularity:
        options["prosody"]["granularity"] = options["language"]["granularity"] = granularity
    if window:
        length, comma, step = window.partition(",")
        options["prosody"]["window"] = {"length": length} | ({"step": step} if comma else {})
    return options


def _switched(**switches: bool) -> dict[str, Any]:
    """Options without settings, as the API turns them on."""
    return {name: {} for name, on in switches.items() if on}


def _makes(name: str, engines: Engines) -> bool:
    """Whether this machine has an engine for a model, whatever its options."""
    try:
        MODELS[name](MODELS[name].options(), engines, TranscriptionOptions())
    except EngineMissing:
        return False
    return True
