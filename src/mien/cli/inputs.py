"""What `mien measure` is given: files, addresses, and folders as the files in them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os.path import basename, exists, isdir, isfile, realpath
from pathlib import Path

from mien.cli.outputs import has_tables
from mien.door import written


@dataclass(frozen=True, slots=True)
class Input:
    """One source: a path, an address, or - for standard input."""

    given: str
    name: str
    """What its results are called: of a file in a folder, the path within that."""
    refusal: str = ""
    """Why there is nothing to measure."""


def expanded(inputs: Sequence[str], outputs: Iterable[Path] = ()) -> Iterator[Input]:
    """Folders as the files in them, in order of name; hidden ones are left alone, and so are outputs and the
    tables of another run, else who measures a folder again measures results too. Links are followed, but
    no folder is entered twice. Where several folders are given, names begin with theirs."""
    folders = {one for one in inputs if one != "-" and isdir(one)}
    for one in inputs:
        if one not in folders:
            yield Input(one, written(basename(one)))
            continue
        files = _walked(Path(one), Path(one).name if len(folders) > 1 else "", set(map(realpath, outputs)))
        if (first := next(files, None)) is None:
            yield Input(one, written(one), "there is no file in this folder; hidden ones are left alone")
        else:
            yield first
            yield from files


def _walked(folder: Path, name: str, entered: set[str]) -> Iterator[Input]:
    entered.add(realpath(folder))
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        yield Input(str(folder), written(name or str(folder)), f"the folder cannot be read: {error.strerror}")
        return
    for path in paths:
        path_name = f"{name}/{path.name}" if name else path.name
        if path.name.startswith(".") or realpath(path) in entered:
            continue
        if isdir(path):
            if not has_tables(path):
                yield from _walked(path, path_name, entered)
        elif isfile(path) or not exists(path):  # a link that leads nowhere is a file that is missing
            yield Input(str(path), written(path_name))
