"""How networks in ONNX are opened and called: on the CPU, without spinning, with errors that are ours,
with pieces of like length together; small ones several at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from onnxruntime import InferenceSession, SessionOptions

from mien.errors import EngineError

T = TypeVar("T")
R = TypeVar("R")

ALIKE = 0.8
"""How long the shortest of a call must be beside its longest, so that little is spent on padding."""


class Threads:
    """Makes several calls at once, each on a thread of its own.

    Threads that share a call wait for each other at each of its hundred steps. With networks of a few
    milliseconds that costs as long as is won by it, and twice the processor.
    """

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="network") if count > 1 else None

    def each(self, work: Callable[[T], R], pieces: Sequence[T]) -> Iterable[R]:
        """What comes of each piece, in order."""
        if self._pool is None or len(pieces) < 2:
            return map(work, pieces)
        return self._pool.map(work, pieces)


def opened(network: Path | bytes, threads: int = 1, name: str = "") -> InferenceSession:
    """A session that uses so many threads. `name` is what bytes are called.

    Raises:
        EngineError: the file is damaged, or of a kind that this onnxruntime cannot run.
    """
    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # threads that wait for work must not burn the cores of the other workers
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors alone: the rest is of no use to whoever measures
    try:
        return InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common kind of their own
        called = network.name if isinstance(network, Path) else name
        raise EngineError(f"the network {called} cannot be opened: {error}") from error


def calls(lengths: Sequence[int], largest: int) -> Iterator[list[int]]:
    """Which pieces are given to a network in one call: all of like length, and padded to the longest
    no more than `largest` together."""
    call: list[int] = []
    for k in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        if call and ((len(call) + 1) * lengths[call[0]] > largest or lengths[k] < ALIKE * lengths[call[0]]):
            yield call
            call = []
        call.append(k)
    if call:
        yield call
