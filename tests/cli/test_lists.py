"""Lists for eyes and for other programs."""

import io

import pytest
from rich.console import Console

from mien.cli.lists import listed

ID = "6e6f5781-db9e-4bd9-a7ce-d2a71973c9bd"
JOB = (ID, "IN_PROGRESS", "2026-11-29 18:04:24", "12/100", "", "")
NAMES = ("id", "status", "created", "files", "found", "errors")


def shown(row, **console):
    out = io.StringIO()
    listed(NAMES, [row], "created", Console(file=out, color_system=None, **console))
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_an_id_is_whole_however_narrow_the_terminal(width):
    assert ID in shown(JOB, force_terminal=True, width=width)


def test_80_columns_are_enough_for_all_but_the_time_in_one_line():
    text = shown(JOB, force_terminal=True, width=80)

    assert max(map(len, text.splitlines())) <= 80
    assert all(cell in text for cell in ("IN_PROGRESS", "2026-11-29", "18:04:24", "12/100"))


def test_other_programs_get_a_line_a_row_with_tabs():
    assert shown(JOB, width=40) == "\t".join(JOB) + "\n"


def test_names_are_no_markup():
    row = ("1", "[/x] a [bold]key[/]", *JOB[2:])

    assert row[1] in shown(row, force_terminal=True, width=120)
