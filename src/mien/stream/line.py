"""The line in which messages wait to be measured."""

from asyncio import Semaphore, ensure_future, get_running_loop, shield, wait
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mien.errors import Overloaded

T = TypeVar("T")

SLOW_SECONDS = 1.0
"""Work that takes longer goes on, and lets others begin."""

SPARE = 3
"""For each lane, so much slow work may go on besides."""


class Line:
    """First come, first served, by a few threads; who would be too far behind is told so at once."""

    def __init__(self, lanes: int, longest: int) -> None:
        """`lanes` are done at the same time, and what is slow besides; `longest` may wait."""
        self._threads = ThreadPoolExecutor(lanes * (1 + SPARE), thread_name_prefix="stream")
        self._lanes = Semaphore(lanes)
        self._longest = longest
        self._room = lanes + longest

    @property
    def waiting(self) -> int:
        """How many wait for their turn, or were so slow that others began meanwhile."""
        return max(0, self._longest - self._room)

    async def do(self, work: Callable[[], T]) -> T:
        """What the work gives, once it is its turn and it is done.

        Raises:
            Overloaded: too many wait already.
        """
        if not self._room:
            raise Overloaded
        self._room -= 1
        return await shield(ensure_future(self._done(work)))  # whoever waits may go away

    async def _done(self, work: Callable[[], T]) -> T:
        """A thread is taken until the work is done, a lane until it is done or slow."""
        try:
            async with self._lanes:
                done = get_running_loop().run_in_executor(self._threads, work)
                await wait([done], timeout=SLOW_SECONDS)
            return await done
        finally:
            self._room += 1
