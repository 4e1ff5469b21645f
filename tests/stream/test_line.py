import asyncio
from threading import Event

import pytest

from mien.errors import Overloaded
from mien.stream.line import SLOW_SECONDS, SPARE, Line


def test_who_would_be_too_far_behind_is_told_so_at_once_and_the_others_are_served():
    async def crowd():
        line, go = Line(lanes=2, longest=3), Event()
        within = [asyncio.ensure_future(line.do(lambda n=n: go.wait(10) and n)) for n in range(5)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await line.do(lambda: 5)
        assert line.waiting == 3
        go.set()
        assert await asyncio.gather(*within) == [0, 1, 2, 3, 4]
        assert line.waiting == 0
        assert await line.do(lambda: 6) == 6

    asyncio.run(crowd())


def test_a_thread_is_taken_until_it_is_done_even_if_nobody_waits_any_more():
    async def left():
        line, go = Line(lanes=1, longest=0), Event()
        work = asyncio.ensure_future(line.do(lambda: go.wait(10)))
        await asyncio.sleep(0)
        work.cancel()
        await asyncio.sleep(0.05)
        with pytest.raises(Overloaded):
            await line.do(lambda: None)
        go.set()
        while line._room == 0:
            await asyncio.sleep(0.01)
        assert await line.do(lambda: 1) == 1

    asyncio.run(left())


def test_what_goes_wrong_is_told_and_makes_room():
    async def broken():
        line = Line(lanes=1, longest=0)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await line.do(lambda: 1 / 0)
            await asyncio.sleep(0)

    asyncio.run(broken())


def test_what_is_slow_lets_others_begin_and_is_bounded_too():
    async def slow():
        line, go, begun = Line(lanes=1, longest=9), Event(), []
        stuck = [asyncio.ensure_future(line.do(lambda n=n: begun.append(n) or go.wait(30))) for n in range(5)]
        await asyncio.sleep(SLOW_SECONDS / 2)
        assert begun == [0]
        while len(begun) <= SPARE:
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.5 * SLOW_SECONDS)
        assert begun == [0, 1, 2, 3]
        go.set()
        assert await asyncio.gather(*stuck) == [True] * 5
        assert line.waiting == 0

    asyncio.run(slow())
