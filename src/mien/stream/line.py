"""The line in which messages wait to be measured."""

from asyncio import get_running_loop, shield
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mien.errors import Overloaded

T = TypeVar("T")


class Line:
    """First come, first served, by a few threads; who would be too far behind is told so at once."""

    def __init__(self, lanes: int, longest: int) -> None:
        """`lanes` are done at the same time, `longest` may wait besides."""
        self._lanes = ThreadPoolExecutor(lanes, thread_name_prefix="stream")
        self._longest = longest
        self._room = lanes + longest

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return max(0, self._longest - self._room)

    async def do(self, work: Callable[[], T]) -> T:
        """What the work gives, once it is its turn and it is done.

        Raises:
            Overloaded: too many wait already.
        """
        if not self._room:
            raise Overloaded
        self._room -= 1
        done = get_running_loop().run_in_executor(self._lanes, work)
        done.add_done_callback(lambda _: self._leave())
        return await shield(done)  # whoever waits may go away: the thread is taken until it is done

    def _leave(self) -> None:
        self._room += 1
