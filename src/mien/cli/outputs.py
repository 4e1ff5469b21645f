"""Where `mien measure` puts what it has measured."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from secrets import token_hex
from tempfile import TemporaryFile
from typing import BinaryIO
from zipfile import ZipFile

from mien.cli.said import reason
from mien.cli.unfinished import UNFINISHED
from mien.errors import RequestError
from mien.formats import Results, columns
from mien.formats.artifacts import write_artifacts
from mien.formats.json import write_predictions
from mien.formats.table import table
from mien.models import MODELS

STANDARD = "--json -"
"""How standard output is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The files and folders that were asked for."""

    json: Path | None
    csv: Path | None
    artifacts: Path | None
    draw: Path | None

    def check(self, resume: bool = False) -> None:
        """Make the folders that are not there, before hours of measuring. With `resume`, there may be results
        of a run that did not get to its end.

        Raises:
            RequestError: one of them cannot be written, or holds results of another run.
        """
        if resume and not self.csv:
            raise RequestError("--resume goes on with the run in the folder of --csv: name it")
        for option, path in (("--json", self._json_file), ("--artifacts", self.artifacts)):
            if path:
                with _refused(f"{option} {path}"):
                    _check_file(path)
        for option, path in (("--csv", self.csv), ("--draw", self.draw)):
            if path:
                with _refused(f"{option} {path}"):
                    _check_folder(path)
        if self.csv and (self.csv / UNFINISHED).exists():
            if not resume:
                raise RequestError(
                    f"--csv {self.csv} contains a run that did not get to its end: go on with it by --resume,"
                    f" or name another folder, or delete this one, {UNFINISHED} included"
                )
        elif self.csv and (
            has_tables(self.csv) or any((self.csv / f"{model}.csv").exists() for model in MODELS)
        ):
            raise RequestError(
                f"--csv {self.csv} contains results of another run; empty it or name another folder"
            )

    @property
    def paths(self) -> list[Path]:
        """Where they are written."""
        return [path for path in (self._json_file, self.csv, self.artifacts, self.draw) if path]

    def write(self, results: Results) -> list[str]:
        """Write each, whatever becomes of the others. Gives back why some could not be written."""
        problems = []
        for option, write in self._writers():
            try:
                write(results)
            except OSError as error:
                if option == STANDARD and isinstance(error, BrokenPipeError):
                    raise  # whoever reads it has seen enough
                problems.append(f"{option} could not be written: {reason(error)}")
        return problems

    @property
    def _json_file(self) -> Path | None:
        return None if str(self.json) == "-" else self.json

    def _writers(self) -> Iterator[tuple[str, Callable[[Results], None]]]:
        """Standard output comes last: it may end early."""
        if path := self._json_file:
            yield f"--json {path}", lambda results: _write_file(path, write_predictions, results)
        if artifacts := self.artifacts:
            yield f"--artifacts {artifacts}", lambda results: _write_file(artifacts, write_artifacts, results)
        if csv := self.csv:
            yield f"--csv {csv}", lambda results: _write_tables(csv, results)
        if self.json and not self._json_file:
            yield STANDARD, _print_predictions


def has_tables(folder: Path) -> bool:
    """Whether a run has written its tables there."""
    return next(_tables(folder), None) is not None


def _tables(folder: Path) -> Iterator[Path]:
    """The folders of the tables of a run: one for each source."""
    return folder.glob("*-[0-9]*/csv")


@contextmanager
def _refused(option: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RequestError(f"{option} cannot be written: {error.strerror}") from None


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(None, "it is a folder; name a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(None, "it exists and is not writable")
    if _is_replaced(path):
        TemporaryFile(dir=path.resolve().parent).close()


def _check_folder(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(None, "it is a file; name a folder")
    path.mkdir(parents=True, exist_ok=True)
    TemporaryFile(dir=path).close()


def _is_replaced(path: Path) -> bool:
    """Whether a whole file takes the place of what is there; a pipe or a device is written to."""
    return path.is_file() or not path.exists()


def _write_file(path: Path, write: Callable[[Results, BinaryIO], None], results: Results) -> None:
    """What was there before stays until all is written."""
    if not _is_replaced(path):
        with path.open("wb") as out:
            write(results, out)
        return
    path = path.resolve()
    part = path.with_name(f".mien-{token_hex(8)}.part")
    try:
        with part.open("xb") as out:
            write(results, out)
        if path.exists():
            shutil.copymode(path, part)
        shutil.move(part, path)  # which copies where a file that is mounted cannot be replaced
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write_tables(folder: Path, results: Results) -> None:
    """A table a model over all files, those of each file laid out as in the artifacts, and what their columns
    mean; nothing without tables."""
    with TemporaryFile() as out:
        write_artifacts(results, out)
        with ZipFile(out) as archive:
            tables = [name for name in archive.namelist() if name.endswith(".csv")]
            _remove_tables(folder)  # of the run that this one has gone on with
            archive.extractall(folder, tables)
        if tables:
            (folder / columns.NAME).write_text(columns.page(), "utf-8")
        for name in {PurePosixPath(path).name for path in tables}:
            with (folder / name).open("wb") as file:
                file.writelines(table(out, name.removesuffix(".csv")))


def _remove_tables(folder: Path) -> None:
    for tables in [*_tables(folder)]:
        shutil.rmtree(tables)
        with suppress(OSError):  # there is something else in it
            tables.parent.rmdir()
    for model in MODELS:
        (folder / f"{model}.csv").unlink(missing_ok=True)


def _print_predictions(results: Results) -> None:
    write_predictions(results, sys.stdout.buffer)
    sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()
