"""What was found in one file, for eyes: the highest scores of each piece."""

from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import shorten

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mien.types import Box, FileMeasurement, Interval, Measured, Prediction, Scores

DIM, BRIGHT = 0.1, 0.3
"""Below the one few would say so; above the other many."""

WORD, SHOWN = 20, 120
"""Signs of a long word, and as many of a text as are shown."""


def shown(file: FileMeasurement, called: str, console: Console, rows: int) -> None:
    """Print a table for each model, and what went wrong. At most `rows` pieces each; 0 is all."""
    console.print(Text.assemble((called, "bold"), (f"  {file.file_type or ''}", "dim")))
    for name, measured in file.models.items():
        console.print(_table(name, measured, rows))
    for problem in file.warnings:
        console.print(Text.assemble(("  note: ", "yellow"), problem.message))
    whose: dict[str, list[str]] = {}  # what ends several models is said once
    for problem in file.errors:
        whose.setdefault(problem.message, []).append(problem.model or "error")
    for message, models in whose.items():
        console.print(Text.assemble((f"  {', '.join(models)}: ", "bold red"), message))


def _table(name: str, measured: Measured, rows: int) -> Table:
    pieces = sorted((piece for group in measured.groups for piece in group.predictions), key=_begin)
    persons = len(measured.groups) > 1
    at_once = max(
        Counter(frame for piece in pieces if (frame := _frame(piece)) is not None).values(), default=0
    )
    boxes = at_once > 1
    longest = max((len(_words(piece)) for piece in pieces), default=0)
    texts = longest > 0
    table = Table(title=_title(name, measured, len(pieces)), title_justify="left", title_style="cyan")
    table.box, table.show_header, table.expand = None, False, texts
    table.add_column(justify="right", no_wrap=True, style="dim")
    if persons:
        table.add_column(no_wrap=True, style="dim")
    if boxes:
        table.add_column(no_wrap=True, style="dim")
    if texts:
        table.add_column(ratio=5 if longest > WORD else 2)
    table.add_column(ratio=5)
    for piece in pieces[: rows or None]:
        cells = [_where(piece)]
        if persons:
            cells.append(piece.person)
        if boxes:
            cells.append(_box(piece))
        if texts:
            cells.append(shorten(_words(piece), SHOWN, placeholder="…"))
        table.add_row(*map(Text, cells), Text("   ").join([_top(_emotions(piece)), *_besides(piece)]))
    blanks = [""] * (persons + boxes + texts)
    if rows and len(pieces) > rows:
        table.add_row("…", *blanks, f"{len(pieces) - rows} more pieces (--rows 0 shows all)")
    if len(pieces) > max(1, at_once):  # those of one picture are different people
        table.add_row("mean", *blanks, _top(_mean(pieces)), style="bold")
    return table


def _title(name: str, measured: Measured, count: int) -> str:
    pieces = f"{count} piece{'' if count == 1 else 's'}" if count else "nothing found"
    if measured.metadata is None:
        return f"{name} · {pieces}"
    language = measured.metadata.detected_language or "language unknown"
    return f"{name} · {pieces} · transcript {language}, confidence {measured.metadata.confidence:.2f}"


def _top(scores: Scores) -> Text:
    """The highest scores, the higher the brighter."""
    return Text("  ").join(Text.assemble(f"{name} ", _score(score)) for name, score in scores.top())


def _besides(piece: Prediction) -> Iterator[Text]:
    """What was asked for beside expressions."""
    for name in ("facs", "descriptions", "toxicity"):
        if scores := getattr(piece, name, None):
            yield _top(scores)
    if sentiment := getattr(piece, "sentiment", None):
        mean = float(sentiment.array @ np.arange(1, 1 + len(sentiment.array)))
        yield Text(f"sentiment {mean:.1f} of 9")


def _score(score: float) -> tuple[str, str]:
    style = "dim" if score < DIM else "bold green" if score >= BRIGHT else "green"
    return f"{score:.2f}".removeprefix("0"), style


def _mean(pieces: Sequence[Prediction]) -> Scores:
    scores = [_emotions(piece) for piece in pieces]
    return Scores(scores[0].names, np.mean([one.array for one in scores], axis=0))


def _emotions(piece: Prediction) -> Scores:
    scores: Scores = getattr(piece, "emotions")  # noqa: B009  # every model's prediction has them
    return scores


def _begin(piece: Prediction) -> float:
    for name in ("time", "position"):
        match getattr(piece, name, None):
            case Interval(begin, _):
                return begin
            case float(time):
                return time
    return 0.0


def _where(piece: Prediction) -> str:
    match getattr(piece, "time", None), getattr(piece, "position", None):
        case Interval(begin, end), _:
            return f"{_clock(begin)}–{_clock(end)}"
        case float(time), _:
            return _clock(time)
        case None, Interval(begin, end):
            return f"{begin:.0f}–{end:.0f}"
    return ""


def _frame(piece: Prediction) -> int | None:
    """The picture that a face is in."""
    frame: int | None = getattr(piece, "frame", None)
    return frame


def _box(piece: Prediction) -> str:
    """Where in its picture a face is: what tells it from others there."""
    box: Box = getattr(piece, "box")  # noqa: B009  # whatever is in a frame has one
    return f"{box.x:.0f},{box.y:.0f} {box.w:.0f}×{box.h:.0f}"


def _words(piece: Prediction) -> str:
    """What was said or written, or what is named and of which kind."""
    match getattr(piece, "text", None), getattr(piece, "entity", None):
        case str(text), _:
            return text
        case None, str(entity):
            return f"{entity} ({getattr(piece, 'entity_type', '').lower()})"
    return ""


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"
