"""Where results are put."""

from mien.cli.outputs import Outputs
from mien.formats.folder import LocalFolder
from mien.types import TextSource


def test_what_fails_on_the_way_leaves_what_was_there(tmp_path):
    out = tmp_path / "out.json"
    out.write_text("of another run")
    outputs = Outputs(json=out, csv=None, artifacts=tmp_path / "all.zip", draw=None)

    problems = outputs.write([(TextSource(), [LocalFolder(tmp_path / "gone")])])

    assert [problem.partition(" could not be written")[0] for problem in problems] == [
        f"--json {out}",
        f"--artifacts {tmp_path / 'all.zip'}",
    ]
    assert out.read_text() == "of another run"
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_a_file_that_is_replaced_stays_for_whom_it_was(tmp_path):
    out = tmp_path / "out.json"
    out.write_text("of another run")
    out.chmod(0o600)

    assert Outputs(json=out, csv=None, artifacts=None, draw=None).write([]) == []

    assert out.read_text() == "[]"
    assert out.stat().st_mode & 0o777 == 0o600
