"""Being told to end by the system."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from types import FrameType
from typing import NoReturn

_TOLD = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
"""What schedulers, containers and terminals that are closed send."""

LEAVING_SECONDS = 1.0
"""What threads are given to end their work, once the program has ended its own."""


@contextmanager
def ended_like_by_hand() -> Iterator[None]:
    """Let what is done within end in its own way when it is told to, as Ctrl-C does: with SystemExit, whose
    code is 128 and the number of the signal. Signals that are ignored (`nohup`) stay so."""
    before = {number: signal.getsignal(number) for number in _TOLD}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def threads_left_behind() -> Iterator[None]:
    """Let the program end once what is done within has, although threads of its own still work: Python would
    wait for each of them."""
    status = 1
    try:
        yield
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        raise
    finally:
        last = Timer(LEAVING_SECONDS, os._exit, [status])
        last.daemon = True
        last.start()


def _end(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
