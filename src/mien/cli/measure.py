"""`mien measure`: files in, a readable table and the wire's files out."""

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Annotated, Any
from zipfile import ZipFile

import typer
from rich.console import Console

from mien.cli.bars import Bars
from mien.cli.table import shown
from mien.door import Opened, measured, measured_texts, open_source, wished
from mien.engines import Engines
from mien.errors import EngineMissing, MediaError, RequestError
from mien.formats import Folder
from mien.formats.artifacts import write_artifacts
from mien.formats.drawing import draw as draw_faces
from mien.formats.folder import LocalFolder, keep
from mien.formats.json import write_predictions
from mien.measure import Wish
from mien.media import Media
from mien.models import MODELS
from mien.models.face import FaceOptions
from mien.segments import TranscriptionOptions
from mien.settings import Settings
from mien.types import FileMeasurement, FileSource, Granularity, Problem, Source, TextSource, UrlSource


def measure(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE|URL|FOLDER|- …",
            help="What to measure: files, archives (.zip, .tar.gz, .tar.bz2, .tar.xz), http(s)"
            " addresses, folders with all that is in them, or - for standard input.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option("--text", "-t", help="A text to measure. May be repeated.")
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(
            "--models",
            "-m",
            help=f"Which models to run, with commas: {', '.join(MODELS)}."
            " Without it, all that this machine has an engine for.",
        ),
    ] = None,
    granularity: Annotated[
        Granularity | None,
        typer.Option(help="How finely prosody and language are cut.", show_default=False),
    ] = None,
    window: Annotated[
        str | None,
        typer.Option(
            metavar="L,S",
            help="Measure prosody in windows of L seconds, one every S seconds (4,1).",
        ),
    ] = None,
    identify_speakers: Annotated[
        bool, typer.Option("--identify-speakers", help="Tell speakers apart.")
    ] = False,
    identify_faces: Annotated[
        bool, typer.Option("--identify-faces", help="Tell faces apart and follow them.")
    ] = False,
    fps_pred: Annotated[
        float, typer.Option(help="Frames of a film looked at a second; 0 looks at every one.", min=0)
    ] = FaceOptions.model_fields["fps_pred"].default,
    facs: Annotated[bool, typer.Option("--facs", help="Say of faces which action units move.")] = False,
    descriptions: Annotated[
        bool, typer.Option("--descriptions", help="Say of faces how people describe them: Smile, Frown …")
    ] = False,
    min_face_size: Annotated[
        int, typer.Option(help="Pixels a side of the smallest faces wanted, but in small pictures.", min=0)
    ] = FaceOptions.model_fields["min_face_size"].default,
    prob_threshold: Annotated[
        float, typer.Option(help="How sure it must be that there is a face (0 to 1).", min=0, max=1)
    ] = FaceOptions.model_fields["prob_threshold"].default,
    save_faces: Annotated[
        bool, typer.Option("--save-faces", help="Put the faces found into the artifacts, as PNG.")
    ] = False,
    sentiment: Annotated[
        bool, typer.Option("--sentiment", help="Say of texts how negative (1) or positive (9) they are.")
    ] = False,
    toxicity: Annotated[
        bool, typer.Option("--toxicity", help="Say of texts whether they are toxic, in six ways.")
    ] = False,
    language: Annotated[
        str | None, typer.Option(help="The language spoken, such as en; detected without it.")
    ] = None,
    transcription: Annotated[
        bool,
        typer.Option(help="Write down what is said. Without it prosody is measured in windows."),
    ] = True,
    confidence_threshold: Annotated[
        float, typer.Option(help="A transcript less sure than this (0 to 1) is not used.")
    ] = 0.5,
    json: Annotated[
        Path | None,
        typer.Option(metavar="F", help="Write what `…/predictions` would answer; - for standard output."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write one CSV a file and model into a folder.")
    ] = None,
    artifacts: Annotated[
        Path | None, typer.Option(metavar="ZIP", help="Write the artifacts archive.")
    ] = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Draw the faces found, an SVG a frame, into a folder; --rows of them a film."
        ),
    ] = None,
    rows: Annotated[int, typer.Option(help="Pieces shown a file; 0 shows all.", min=0)] = 12,
) -> None:
    """Measure expression in files, addresses, folders or texts.

    A score is the share of average people who, given only this piece, would say that it expresses
    this. It is no claim about what somebody feels.

    Exit code: 0 all was measured, 1 something was not, 2 nothing was.

    Examples:

      mien measure call.mp3

      mien measure interviews/ --models prosody --window 4,1 --csv scores/

      mien measure https://example.org/talk.mp4 --models prosody --granularity sentence --json -

      mien measure film.mp4 --models face --facs --fps-pred 10 --identify-faces

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
    names = models.split(",") if models else _served(engines)
    wish = wished({name.strip(): options.get(name.strip()) for name in names}, spoken)
    with TemporaryDirectory(prefix="mien-") as folder:
        run = _Run(Path(folder), settings, engines, wish, rows, draw, quiet=str(json) == "-")
        try:
            run.measure(inputs or [], text or [])
        finally:  # after Ctrl-C too: what was measured so far is not lost
            _write(run.results, json, csv, artifacts)
    raise typer.Exit(run.exit_code)


@dataclass
class _Run:
    """One call of the command: what is measured is kept in files, so that memory stays flat."""

    folder: Path
    settings: Settings
    engines: Engines
    wish: Wish
    rows: int
    draw: Path | None
    quiet: bool
    results: list[tuple[Source, list[Folder]]] = field(default_factory=list)
    good: int = 0
    bad: int = 0
    _media: Media | None = None

    @property
    def exit_code(self) -> int:
        return 0 if not self.bad else 1 if self.good else 2

    def measure(self, inputs: list[str], texts: list[str]) -> None:
        paths = list(_expanded(inputs))
        console = Console(stderr=self.quiet)
        with Bars(len(paths) + bool(texts)) as bars:
            for one in paths:
                bars.begin(one)
                source, files = self._source(one, bars.followed)
                self._keep(source, files, console)
            if texts:
                self._keep(TextSource(), measured_texts(texts, self.wish, self.engines), console)

    def _source(
        self, one: str, through: Callable[[Media], Media]
    ) -> tuple[Source, Iterable[FileMeasurement]]:
        work = self.folder / f"work-{len(self.results)}"
        work.mkdir()
        try:
            given = sys.stdin.buffer.read() if one == "-" else one
            opened = open_source(given, work, self.settings)
        except MediaError as error:
            name = one.rsplit("/", 1)[-1]
            is_url = one.startswith(("http://", "https://"))
            source: Source = (
                UrlSource(one) if is_url else FileSource(filename=name, content_type=None, md5sum="")
            )
            problem = Problem(file=name, message=str(error))
            return source, [FileMeasurement(file=name, file_type=None, errors=(problem,))]
        return opened.source, self._files(opened, work, through)

    def _files(
        self, opened: Opened, work: Path, through: Callable[[Media], Media]
    ) -> Iterator[FileMeasurement]:
        def noted(media: Media) -> Media:
            self._media = media
            return through(media)

        yield from measured(opened, self.wish, self.engines, self.settings, work, noted)
        shutil.rmtree(work)

    def _keep(self, source: Source, files: Iterable[FileMeasurement], console: Console) -> None:
        folders: list[Folder] = []
        self.results.append((source, folders))
        for file in files:
            folder = LocalFolder(self.folder / f"{len(self.results)}" / f"{len(folders)}")
            keep(file, folder)
            folders.append(folder)
            self.bad += bool(file.errors) or not file.models
            self.good += bool(file.models)
            shown(file, console, self.rows)
            if self.draw and self._media and "face" in file.models:
                into = LocalFolder(self.draw / f"{len(self.results)}-{len(folders)}-{Path(file.file).name}")
                draw_faces(file.models["face"], self._media.frames, into, self.rows)
            if not file.models and not file.errors:
                console.print(f"  nothing here measures {file.file_type} (see `mien doctor`)", style="yellow")


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


def _served(engines: Engines) -> list[str]:
    """The models that this machine has an engine for."""
    return [name for name in MODELS if _makes(name, engines)]


def _makes(name: str, engines: Engines) -> bool:
    try:
        MODELS[name](MODELS[name].options(), engines, TranscriptionOptions())
    except EngineMissing:
        return False
    return True


def _expanded(inputs: Iterable[str]) -> Iterator[str]:
    """Folders as the files in them, in order of name; hidden ones are left alone."""
    for one in inputs:
        if one != "-" and Path(one).is_dir():
            for path in sorted(Path(one).rglob("*")):
                hidden = any(part.startswith(".") for part in path.relative_to(one).parts)
                if path.is_file() and not hidden:
                    yield str(path)
        else:
            yield one


def _write(
    results: list[tuple[Source, list[Folder]]],
    json: Path | None,
    csv: Path | None,
    artifacts: Path | None,
) -> None:
    if json and str(json) == "-":
        write_predictions(results, sys.stdout.buffer)
        sys.stdout.buffer.write(b"\n")
    elif json:
        with json.open("wb") as out:
            write_predictions(results, out)
    if artifacts:
        with artifacts.open("wb") as out:
            write_artifacts(results, out)
    if csv:  # laid out as in the artifacts
        with TemporaryFile() as out:
            write_artifacts(results, out)
            with ZipFile(out) as archive:
                archive.extractall(csv, [name for name in archive.namelist() if name.endswith(".csv")])
