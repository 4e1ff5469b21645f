"""How far it has come, in a terminal."""

from mien.cli.bars import Bars


def test_what_needs_no_measuring_does_not_count():
    bars = Bars(4)
    for _ in range(2):
        bars.begin("measured before")
        bars.skip()
    bars.begin("first")
    bars.begin("second")

    (sources, _) = bars._progress.tasks
    assert (sources.completed, sources.total) == (1, 2)


def test_where_there_is_no_terminal_nothing_is_written(capfd):
    with Bars(1) as bars:
        bars.begin("first")

    assert capfd.readouterr().err == ""
