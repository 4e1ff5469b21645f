"""What went wrong, in the API's words: HTTP statuses, bodies, and what is wrong with a request."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from mien.errors import (
    BadKey,
    DiskFull,
    JobNotFound,
    MediaError,
    MediaNotKept,
    MienError,
    NotServed,
    QueueFull,
    RequestError,
    StoreError,
    TooLarge,
    TooSlow,
)
from mien.wire.batch import Json

STATUS: Mapping[type[MienError], int] = {
    RequestError: 400,
    BadKey: 401,
    NotServed: 403,
    JobNotFound: 404,
    MediaNotKept: 404,
    TooSlow: 408,
    TooLarge: 413,
    QueueFull: 429,
    DiskFull: 429,
    MediaError: 400,
    MienError: 500,
    StoreError: 503,
}
"""Found by nearest kin. Clients try again after 408, 409, 429 and 5xx: none of these for what will be
the same the next time."""

FAULT = {
    "faultstring": "Invalid ApiKey",
    "detail": {"errorcode": "oauth.v2.InvalidApiKey"},
}
"""What the gateway of the retired API said of a bad key; the 2023 Python client looks for it."""

WORST = 3
"""So many wrong values of a request are told at once."""


def status_of(error: MienError) -> int:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def error_json(message: str, status: int) -> Json:
    """The body of an error, as every client reads it."""
    return {"message": message, "code": status, **({"fault": FAULT} if status == 401 else {})}


class Invalid(Protocol):
    """What pydantic and FastAPI raise for values that are not allowed."""

    def errors(self) -> Sequence[Any]: ...


def explained(invalid: Invalid) -> str:
    """What is wrong, in plain words: the field, its value, and what is allowed."""
    found = invalid.errors()
    told = [_explained(error) for error in found[:WORST]]
    words = "; ".join(told + [f"and {len(found) - WORST} more"] * (len(found) > WORST))
    # values may hold halves of characters, which no answer can
    return words.encode(errors="replace").decode()


_MUST: Mapping[str, str] = {
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "literal_error": "{expected}",
    "finite_number": "a finite number",
    "string_too_long": "at most {max_length} characters long",
}
_KINDS: Mapping[str, str] = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "string": "a string",
    "list": "a list",
    "tuple": "a list",
    "dict": "an object",
    "model": "an object",
    "dataclass": "an object",
}
"""What a value must be, by the type of the error, or else by the first word of it."""


def _explained(error: Mapping[str, Any]) -> str:
    where, value, kind = _path(error["loc"]) or "the request", error.get("input"), str(error["type"])
    if kind == "value_error":  # raised by us, in words
        allowed = str(error["ctx"]["error"])
        if isinstance(value, dict):
            return f"{where}: {allowed}"
    elif must := _MUST.get(kind, "").format(**error.get("ctx", {})) or _KINDS.get(kind.partition("_")[0]):
        allowed = f"must be {must}"
    else:
        allowed = str(error["msg"])
    return f"{where}: {_shown(value)} is not allowed, it {allowed}"


def _path(where: Iterable[str | int]) -> str:
    """`models.face.fps_pred`, `urls[3]`"""
    parts = [part for part in where if part not in ("query", "path")]
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")


def _shown(value: object) -> str:
    """A value as JSON has it, shortened."""
    match value:
        case dict():
            return "an object"
        case list() | tuple():
            return "a list"
        case str() if len(value) > 60:
            return f'"{value[:57]}…"'
        case str() | bool() | None | float() | int():
            return json.dumps(value, ensure_ascii=False)[:60]
        case _:
            return "this"
