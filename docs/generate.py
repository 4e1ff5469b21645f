"""Write docs/reference from the code.

python docs/generate.py            write
python docs/generate.py --check    say whether what is written is still true
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from inspect import getdoc, signature
from pathlib import Path
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin

import numpy as np
from typer.cli import get_docs_for_click
from typer.main import get_command

import mien
from mien.cli import app
from mien.formats import columns
from mien.models import MODELS
from mien.segments import TranscriptionOptions
from mien.settings import Settings

REFERENCE = Path(__file__).parent / "reference"

PYTHON = """\
# Python

```python
import mien

found = mien.measure("examples/call.flac", models="prosody,language")
for problem in found.errors:  # a file or model that fails does not stop the others
    print(problem.file, problem.model, problem.message)

rows = [
    {"file": file.file, "model": model, "person": group.id, "begin": piece.time.begin, "end": piece.time.end,
     "text": piece.text, **piece.emotions}
    for file in found.files
    for model, measured in file.models.items()
    for group in measured.groups
    for piece in group.predictions
]  # pandas.DataFrame(rows) turns them into a table
```

The first call that needs a network loads it, and later calls reuse it. `measure` is thread-safe; with
asyncio, use `await asyncio.to_thread(mien.measure, …)`. For jobs that must outlive your program, run a
[server](../how-to/serve.md). Settings are read from [environment variables](settings.md), or passed as
`settings=mien.Settings(offline=True)`.
"""

OPTIONS = """\
For example `{"face": {"facs": {}, "fps_pred": 10}, "prosody": {"window": {"length": 4.0, "step": 1.0}}}`.
The REST API and the stream take the same ones."""

ANSWER = (mien.Measurement, mien.FileMeasurement, mien.Measured, mien.Group, mien.Metadata, mien.Problem)
SHARED = (mien.Scores, mien.Interval, mien.Box)
ERRORS = (mien.MienError, mien.RequestError, mien.MediaError, mien.EngineError, mien.EngineMissing)


def pages() -> dict[str, str]:
    return {
        "settings.md": settings_page(),
        "cli.md": cli_page(),
        "python.md": python_page(),
        columns.NAME: columns.page(),
    }


def settings_page() -> str:
    rows = [
        "# Settings",
        "",
        "Environment variables read by the server, the workers, the command line and the Python API.",
        "",
    ]
    rows += [
        "An empty variable counts as unset, except for engines (`MIEN_VOICE_ACTIVITY` to",
        "`MIEN_LANGUAGE_DETECTOR`): there it switches that function off.",
        "",
    ]
    rows += ["| variable | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default_factory or field.default is None else repr(field.default)
        text = " ".join((field.description or "").split())
        rows.append(f"| `MIEN_{name.upper()}` | {f'`{default}`' if default else ''} | {text} |")
    return "\n".join(rows) + "\n"


def cli_page() -> str:
    command = get_command(app)
    context = command.make_context("mien", [], resilient_parsing=True)
    return get_docs_for_click(obj=command, ctx=context, name="mien", title="The command line")


def python_page() -> str:
    lines = [PYTHON, "## `mien.measure`", "", "```python", "mien.measure("]
    for name, parameter in signature(mien.measure).parameters.items():
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        lines += ["    *,"] if name == "text" else []  # all after the source go by name
        lines.append(f"    {name}: {_type(parameter.annotation)}{default},")
    lines += [") -> Measurement", "```", "", *_docstring(mien.measure), "", "## Results"]
    for kind in ANSWER:
        lines += _section(kind)
    lines += [
        "",
        "## Predictions",
        "",
        "Each model has its own type of prediction: `isinstance(piece, mien.ProsodyPrediction)` says which",
        "fields there are, to type checkers too. `emotions` are shares of people, 0 to 1.",
    ]
    for name, model in MODELS.items():
        lines += [
            "",
            f"### `{model.prediction.__name__}`, of `{name}`",
            "",
            *_docstring(model.prediction),
            "",
            *_attributes(model.prediction),
        ]
    lines += ["", "## Values"]
    for kind in SHARED:
        lines += _section(kind)
    lines += ["", "## Options", "", OPTIONS, ""]
    for name, options in (
        *((n, m.options) for n, m in MODELS.items()),
        ("transcription", TranscriptionOptions),
    ):
        lines.append(f"- `{name}`{'' if options.model_fields else ': none'}")
        lines += [
            f"  - `{option}`: `{_type(field.annotation)} = {field.default!r}`."
            f" {' '.join((field.description or '').split())}"
            for option, field in options.model_fields.items()
        ]
    lines += [
        "",
        "## Errors",
        "",
        "`Problem.kind` is the class of the error behind a problem: one of these, or a subclass.",
        "",
    ]
    lines += [f"- `mien.{one.__name__}({one.__base__.__name__})`: {getdoc(one)}" for one in ERRORS]
    return "\n".join(lines) + "\n"


def _section(kind: type) -> list[str]:
    """What there is to know of a value."""
    methods = [
        f"- `{name}({_arguments(one)})`: `{_type(signature(one).return_annotation)}`. {getdoc(one)}"
        for name, one in vars(kind).items()
        if not name.startswith("_") and callable(one)
    ]
    properties = [
        f"- `{name}`: `{_type(one.fget.__annotations__['return'])}`. {getdoc(one) or ''}".strip()
        for name, one in vars(kind).items()
        if isinstance(one, property)
    ]
    return [
        "",
        f"### `{kind.__name__}`",
        "",
        *_docstring(kind),
        "",
        *_attributes(kind),
        *properties,
        *methods,
    ]


def _arguments(method: Callable[..., object]) -> str:
    return ", ".join(str(one) for one in [*signature(method).parameters.values()][1:])


def _attributes(kind: type) -> list[str]:
    """The fields of a value, each with its type."""
    return [f"- `{field.name}`: `{_type(field.type)}`" for field in fields(kind)]


def _docstring(what: object) -> Iterator[str]:
    """The words, with a list where arguments or errors are explained."""
    listed = False
    for line in (getdoc(what) or "").splitlines():
        words = line.strip()
        if words in ("Args:", "Raises:"):
            listed = True
            yield from (words, "")
        elif listed and line.startswith("    ") and not line.startswith("     "):
            name, _, rest = words.partition(": ")
            yield f"- `{name}`: {rest}"
        else:
            yield f"  {words}" if listed and words else words


def _type(kind: object) -> str:
    """A type as it is written, in all versions of Python alike."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return " | ".join(map(_type, inner))
    if origin is Literal:
        return " | ".join(map(repr, inner))
    if origin is np.ndarray:
        return "ndarray"
    if origin:
        return f"{origin.__name__}[{', '.join(map(_type, inner))}]"
    return {NoneType: "None", Ellipsis: "..."}.get(kind) or kind.__name__


def main() -> None:
    stale = []
    for name, text in pages().items():
        path = REFERENCE / name
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(name)
    if stale:
        sys.exit(f"{', '.join(stale)} no longer says what is true: run python docs/generate.py")


if __name__ == "__main__":
    main()
