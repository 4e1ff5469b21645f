"""Predictions as JSON, in the wire's shape: compact, and written as they come."""

from collections.abc import Iterable, Iterator
from itertools import chain
from shutil import copyfileobj
from typing import Any, BinaryIO

import orjson

from mien.formats import Folder, Results
from mien.types import FileMeasurement, Group
from mien.wire.batch import metadata_json, prediction_json, problem_json, source_json


def write_predictions(results: Results, out: BinaryIO) -> None:
    """Write what `…/predictions` answers: an array with one result a source.

    The same as `[result_json(source, files), …]`, from the folders in which the files are kept.
    """
    out.write(b"[")
    for i, (source, folders) in enumerate(results):
        out.write(b"," * (i > 0))
        out.write(b'{"source":' + orjson.dumps(source_json(source)) + b',"results":{"predictions":[')
        errors, warnings = _copy_files(folders, out)
        out.write(b'],"errors":' + orjson.dumps(errors))
        if warnings:
            out.write(b',"warnings":' + orjson.dumps(warnings))
        out.write(b"}}")
    out.write(b"]")


def write_file(file: FileMeasurement, out: BinaryIO) -> None:
    """Write the entry of one file in `predictions`: `file_json(file)`, one prediction at a time."""
    head = {"file": file.file, "file_type": file.file_type}
    out.write(orjson.dumps(head)[:-1] + b',"models":{')
    for i, (name, measured) in enumerate(file.models.items()):
        out.write(b"," * (i > 0) + orjson.dumps(name))
        out.write(b':{"metadata":' + orjson.dumps(metadata_json(measured.metadata)))
        out.write(b',"grouped_predictions":[')
        out.writelines(_separated(_group(group) for group in measured.groups))
        out.write(b"]}")
    out.write(b"}}")


def write_problems(file: FileMeasurement, out: BinaryIO) -> None:
    """Write what went wrong with one file, and what it is called."""
    errors = [problem_json(error) for error in file.errors]
    warnings = [problem_json(warning) for warning in file.warnings]
    out.write(orjson.dumps({"file": file.file, "errors": errors, "warnings": warnings}))


def _copy_files(folders: Iterable[Folder], out: BinaryIO) -> tuple[list[Any], list[Any]]:
    """Copy what was found in each file; its problems are given back, errors and warnings."""
    errors: list[Any] = []
    warnings: list[Any] = []
    between = b""
    for folder in folders:
        with folder.read("problems.json") as file:
            problems = orjson.loads(file.read())
        errors += problems["errors"]
        warnings += problems["warnings"]
        try:
            with folder.read("file.json") as file:
                out.write(between)
                copyfileobj(file, out)
                between = b","
        except FileNotFoundError:
            pass  # could not be read: its error says why
    return errors, warnings


def _group(group: Group) -> Iterator[bytes]:
    yield b'{"id":' + orjson.dumps(group.id) + b',"predictions":['
    yield from _separated([orjson.dumps(prediction_json(one))] for one in group.predictions)
    yield b"]}"


def _separated(items: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """The parts of all items, with a comma between two items."""
    for i, parts in enumerate(items):
        yield from chain([b","] * (i > 0), parts)
