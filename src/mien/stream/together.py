"""Calls of several sessions for one engine, made in one where they come together.

Nobody waits for company: while as many calls are being made as there are cores, those that come wait,
and the next to begin takes all that wait with it. On a quiet server every call is made alone and at
once; on a busy one a network reads many pieces in the time of a few.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from threading import Event, Lock
from typing import Any, TypeAlias

from mien.engines import Engines, FaceMemory
from mien.settings import Settings

Call: TypeAlias = Callable[[Sequence[Any]], Any]
"""Takes some pieces; gives an array or list of as many rows, or a tuple of such."""

MOST = 16
"""Pieces in one call: as many as the walk gives an engine at once."""

SHARED: Mapping[str, tuple[str, int]] = {
    "voice": ("hear", MOST),
    "face_finder": ("find", 1),
    "face_reader": ("read", 1),
    "mesh_reader": ("read_meshes", MOST),
    "text_reader": ("read_texts", MOST),
}
"""The roles of which no more calls are made at a time than there are cores, by which method, and how many
pieces go into one: many faces take as long as each by itself. The rest carry state from piece to piece,
cost nothing, or are not asked by a stream."""


class SharedEngines(Engines):
    """The engines of all sessions."""

    def __init__(self, settings: Settings, at_once: int) -> None:
        """`at_once`: calls of one engine that may be made at the same time."""
        super().__init__(settings)
        self._at_once = at_once
        self._shared: dict[str, _Shared] = {}
        self._faces = FaceMemory()

    def remembering(self) -> "SharedEngines":
        """The same engines, with a memory for faces of its own."""
        engines = copy(self)
        engines._faces = FaceMemory()
        return engines

    def face_memory(self) -> FaceMemory:
        return self._faces

    def load(self, role: str) -> Any:
        if role in self._shared:
            return self._shared[role]
        engine = super().load(role)
        if role not in SHARED:
            return engine
        with self._lock:
            if role not in self._shared:
                self._shared[role] = _Shared(engine, *SHARED[role], self._at_once)
            return self._shared[role]


class _Shared:
    """An engine one of whose methods is called for several at once."""

    def __init__(self, engine: Any, method: str, most: int, at_once: int) -> None:
        self._engine = engine
        setattr(self, method, Together(getattr(engine, method), at_once, most))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


class _Asked:
    """What one caller wants, and what became of it."""

    def __init__(self, pieces: Sequence[Any]) -> None:
        self.pieces = pieces
        self.woken = Event()
        self.done = False
        self.rows: Any = None
        self.error: Exception | None = None


class Together:
    """A call that may be made from several threads, each of which gets the rows of its own pieces."""

    def __init__(self, call: Call, at_once: int, most: int) -> None:
        self._call, self._free, self._most = call, at_once, most
        self._lock = Lock()
        self._waiting: deque[_Asked] = deque()

    def __call__(self, pieces: Sequence[Any]) -> Any:
        mine = _Asked(pieces)
        with self._lock:
            waits = self._free == 0
            if waits:
                self._waiting.append(mine)
            else:
                self._free -= 1
        if waits:
            mine.woken.wait()  # until somebody has done it, or it is our turn to call
        if not mine.done:
            try:
                self._answer(mine)
            finally:
                self._pass_on()
        if mine.error is not None:
            raise mine.error
        return mine.rows

    def _answer(self, first: _Asked) -> None:
        """Make one call for the first and for those that wait."""
        asked, pieces = [first], list(first.pieces)
        with self._lock:
            while self._waiting and len(pieces) + len(self._waiting[0].pieces) <= self._most:
                asked.append(self._waiting.popleft())
                pieces += asked[-1].pieces
        try:
            rows, begin = self._call(pieces), 0
            for one in asked:
                one.rows = _rows(rows, begin, begin + len(one.pieces))
                begin += len(one.pieces)
        except Exception as error:
            if len(asked) == 1:
                first.error = error
            else:  # one of them is at fault, and only that one is to hear of it
                for one in asked:
                    self._alone(one)
        for one in asked:
            one.done = True
            one.woken.set()

    def _alone(self, one: _Asked) -> None:
        try:
            one.rows = self._call(one.pieces)
        except Exception as error:
            one.error = error

    def _pass_on(self) -> None:
        """Let the next that waits make a call, if any does."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().woken.set()
            else:
                self._free += 1


def _rows(rows: Any, begin: int, end: int) -> Any:
    if isinstance(rows, tuple):  # several tables of the same pieces
        return type(rows)(*(table[begin:end] for table in rows))
    return rows[begin:end]
