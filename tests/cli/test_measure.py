"""`mien measure`, as typed."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import PIL.Image
import pytest

from mien.cli import outputs
from mien.cli.said import reason
from mien.engines.stub import Stub
from mien.errors import EngineError, RequestError
from mien.formats.folder import LocalFolder
from tests.media import film, picture, strange_film, talk, tone

FULL = Path("/dev/full")
"""A file that takes nothing."""

UNREADABLE = Path("/proc/self/mem")
"""A file that is there, and whose first bytes nobody can read."""


def test_a_recording_is_shown_with_its_highest_scores(run, tmp_path):
    ran = run("measure", talk(tmp_path / "talk.wav"), "--models", "prosody")

    assert ran.exit_code == 0
    assert "talk.wav" in ran.stdout
    assert "Excitement" in ran.stdout


def test_names_of_models_are_read_as_in_python(run, tmp_path):
    ran = run("measure", talk(tmp_path / "talk.wav"), "--models", "prosody, ")

    assert ran.exit_code == 0


def test_the_name_of_a_file_is_no_markup(run, environment, tmp_path):
    environment["FORCE_COLOR"] = "1"  # as in a terminal, where there are bars

    (tmp_path / "talk[").mkdir()

    ran = run("measure", talk(tmp_path / "talk[" / "b].wav"), "--models", "prosody")

    assert ran.exit_code == 0
    assert "b].wav" in ran.stdout


def test_json_is_what_predictions_would_answer(run, tmp_path):
    out = tmp_path / "out.json"

    ran = run(
        "measure",
        talk(tmp_path / "talk.wav"),
        "--text",
        "Good!",
        "--models",
        "prosody,language",
        "--json",
        out,
    )

    assert ran.exit_code == 0
    sources = json.loads(out.read_text())
    assert [source["source"]["type"] for source in sources] == ["file", "text"]
    assert list(sources[0]["results"]["predictions"][0]["models"]) == ["prosody", "language"]
    assert list(sources[1]["results"]["predictions"][0]["models"]) == ["language"]


def test_json_on_standard_output_is_alone_there(run, tmp_path):
    ran = run("measure", talk(tmp_path / "talk.wav"), "--models", "prosody", "--json", "-")

    assert json.loads(ran.stdout)[0]["source"]["filename"] == "talk.wav"


def test_a_file_that_no_model_asked_for_measures_is_said_to_be_such(run, tmp_path):
    ran = run("measure", picture(tmp_path / "a.png"), "--models", "prosody,language")

    assert ran.exit_code == 2
    assert "none of the models asked for measures such files" in ran.output


def test_csv_and_artifacts_hold_the_same(run, tmp_path):
    ran = run(
        "measure", talk(tmp_path / "talk.wav"), "--models", "prosody", "--no-transcription",
        "--csv", tmp_path / "scores", "--artifacts", tmp_path / "all.zip",
    )  # fmt: skip

    assert ran.exit_code == 0
    (found,) = (tmp_path / "scores").glob("*/csv/**/prosody.csv")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.read("file-0-talk.wav/csv/talk.wav/prosody.csv") == found.read_bytes()
    (row,) = csv.DictReader(found.open(newline=""))
    assert row["Id"] == "unknown"
    assert float(row["Excitement"]) > 0
    assert "`SpeakerConfidence`" in (tmp_path / "scores" / "columns.md").read_text("utf-8")


def test_where_nothing_could_be_measured_no_columns_are_explained(run, tmp_path):
    ran = run("measure", tmp_path / "gone.wav", "--csv", tmp_path / "scores")

    assert ran.exit_code == 2
    assert not (tmp_path / "scores" / "columns.md").exists()


def test_faces_are_drawn_into_their_pictures(run, tmp_path):
    large = picture(tmp_path / "one.png", width=200, height=150)
    talk(tmp_path / "talk.wav")

    ran = run("measure", large, tmp_path / "talk.wav", "--draw", tmp_path / "drawn")

    assert ran.exit_code == 0
    assert [
        path.relative_to(tmp_path / "drawn").as_posix() for path in (tmp_path / "drawn").rglob("*.svg")
    ] == ["1-1-one.png/frame=0.svg"]


def test_windows_are_as_long_and_as_often_as_asked(run, tmp_path):
    out = tmp_path / "out.json"

    run("measure", talk(tmp_path / "talk.wav"), "--models", "prosody", "--window", "1,0.5", "--json", out)

    (group,) = json.loads(out.read_text())[0]["results"]["predictions"][0]["models"]["prosody"][
        "grouped_predictions"
    ]
    assert [piece["time"]["begin"] for piece in group["predictions"]] == [0, 0.5, 1]


def test_a_folder_is_all_that_is_in_it_but_what_is_hidden(run, tmp_path):
    folder = tmp_path / "folder"
    (folder / "deep" / ".hidden").mkdir(parents=True)
    talk(folder / "a.wav"), picture(folder / "deep" / "b.png"), talk(folder / "deep" / ".hidden" / "c.wav")
    out = tmp_path / "out.json"

    run("measure", folder, "--models", "prosody,face", "--json", out)

    assert [one["source"]["filename"] for one in json.loads(out.read_text())] == ["a.wav", "deep/b.png"]


@pytest.fixture
def calls(tmp_path):
    """A folder in which two files have one name."""
    for person in ("p1", "p2"):
        (tmp_path / "calls" / person).mkdir(parents=True)
        (tmp_path / "calls" / person / "call.txt").write_text("Good!")
    return tmp_path / "calls"


def test_files_of_a_folder_are_called_by_their_path_in_it(run, calls, tmp_path):
    out = tmp_path / "out.json"

    run("measure", calls, "--models", "language", "--json", out, "--csv", tmp_path / "scores")

    found = json.loads(out.read_text())
    assert [one["source"]["filename"] for one in found] == ["p1/call.txt", "p2/call.txt"]
    files = [one["results"]["predictions"][0]["file"] for one in found]
    assert files == ["p1/call.txt", "p2/call.txt"]
    assert sorted(
        path.relative_to(tmp_path / "scores").as_posix() for path in (tmp_path / "scores").rglob("*.csv")
    ) == [
        "file-0-call.txt/csv/p1/call.txt/language.csv",
        "file-1-call.txt/csv/p2/call.txt/language.csv",
        "language.csv",
    ]
    with (tmp_path / "scores" / "language.csv").open(newline="") as table:
        rows = [*csv.DictReader(table)]
    assert [row["File"] for row in rows] == ["file-0-call.txt/p1/call.txt", "file-1-call.txt/p2/call.txt"]
    assert [row["Text"] for row in rows] == ["Good", "Good"]


def test_results_within_a_folder_are_not_measured_when_it_is_measured_again(run, calls):
    def measured(csvs):
        run(
            "measure", calls, "--models", "language,face", "--json", calls / "out.json",
            "--artifacts", calls / "all.zip", "--csv", calls / csvs,
        )  # fmt: skip
        return [one["source"]["filename"] for one in json.loads((calls / "out.json").read_text())]

    assert measured("scores") == measured("others") == ["p1/call.txt", "p2/call.txt"]


def test_files_of_several_folders_are_called_by_those_too(run, calls, tmp_path):
    out = tmp_path / "out.json"

    run("measure", calls / "p1", calls / "p2", "--models", "language", "--json", out)

    names = [one["source"]["filename"] for one in json.loads(out.read_text())]
    assert names == ["p1/call.txt", "p2/call.txt"]


def test_links_in_a_folder_are_followed_once_and_missed_where_they_lead_nowhere(run, calls, tmp_path):
    out = tmp_path / "out.json"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "d.txt").write_text("Good!")
    (calls / "p3").symlink_to(tmp_path / "elsewhere")
    (calls / "p4").symlink_to(calls)
    (calls / "p5.txt").symlink_to("nowhere.txt")

    ran = run("measure", calls, "--models", "language", "--json", out)

    assert ran.exit_code == 1
    found = json.loads(out.read_text())
    names = [one["source"]["filename"] for one in found]
    assert names == ["p1/call.txt", "p2/call.txt", "p3/d.txt", "p5.txt"]
    (error,) = found[-1]["results"]["errors"]
    assert error["file"] == "p5.txt"
    assert error["message"].startswith("there is no file")


def test_a_folder_without_files_is_an_error(run, tmp_path):
    (tmp_path / "empty" / ".hidden").mkdir(parents=True)

    ran = run("measure", tmp_path / "empty", "--models", "language")

    assert ran.exit_code == 2
    assert "there is no file in this folder" in ran.stdout


def test_standard_input_is_a_file(run, tmp_path):
    sound = talk(tmp_path / "talk.wav").read_bytes()

    ran = run("measure", "-", "--models", "prosody", input=sound)

    assert ran.exit_code == 0


@pytest.mark.parametrize(
    ("names", "code"),
    [
        pytest.param(["good.wav"], 0, id="all measured"),
        pytest.param(["good.wav", "bad.wav"], 1, id="some not"),
        pytest.param(["bad.wav"], 2, id="nothing"),
        pytest.param(["nowhere.wav"], 2, id="no such file"),
    ],
)
def test_the_exit_code_says_how_it_went(run, tmp_path, names, code):
    talk(tmp_path / "good.wav")
    (tmp_path / "bad.wav").write_bytes(b"RIFF....WAVEjunk")

    ran = run("measure", *(tmp_path / name for name in names), "--models", "prosody")

    assert ran.exit_code == code


def test_files_of_which_something_is_missing_are_named_in_the_end(run, tmp_path):
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("I am so glad that you came.")
    bad.touch()

    assert (
        "mien: in 1 of 2 files something could not be measured: bad.txt" in run("measure", good, bad).stderr
    )
    assert "could not be measured" not in run("measure", good, good).stderr
    assert "could not be measured" not in run("measure", bad).stderr


def test_files_of_an_archive_are_shown_with_its_name(run, tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("in/good.txt", "Good!")
        archive.writestr("bad.txt", "")

    ran = run("measure", tmp_path / "all.zip")

    assert "all.zip/in/good.txt  text\n" in ran.stdout
    assert "could not be measured: all.zip/bad.txt" in ran.stderr


def test_what_is_asked_for_beside_expressions_is_shown_and_written(run, tmp_path):
    out = tmp_path / "out.json"

    ran = run(
        "measure", "--text", "Good!", "--models", "language", "--granularity", "sentence",
        "--sentiment", "--toxicity", "--json", out,
    )  # fmt: skip

    (prediction,) = json.loads(out.read_text())[0]["results"]["predictions"]
    (group,) = prediction["models"]["language"]["grouped_predictions"]
    assert len(group["predictions"][0]["sentiment"]) == 9
    assert len(group["predictions"][0]["toxicity"]) == 6
    assert "of 9" in ran.stdout


def test_frames_action_units_and_descriptions_are_asked_for(run, tmp_path):
    out = tmp_path / "out.json"

    ran = run(
        "measure", picture(tmp_path / "a.png", width=640, height=480), "--models", "face", "--facs",
        "--descriptions", "--fps-pred", "0", "--json", out,
    )  # fmt: skip

    assert ran.exit_code == 0
    (prediction,) = json.loads(out.read_text())[0]["results"]["predictions"]
    face = prediction["models"]["face"]["grouped_predictions"][0]["predictions"][0]
    assert len(face["facs"]) == 36
    assert len(face["descriptions"]) == 27


def test_faces_that_are_to_be_saved_lie_in_the_artifacts(run, tmp_path):
    path = picture(tmp_path / "a.png", 100, width=640, height=480)
    archive = tmp_path / "all.zip"

    ran = run("measure", path, "--models", "face", "--save-faces", "--artifacts", archive)

    assert ran.exit_code == 0
    with zipfile.ZipFile(archive) as saved:
        (name,) = (name for name in saved.namelist() if "/faces/" in name)
        face = PIL.Image.open(saved.open(name))
    assert name.endswith("frame=0.png")
    assert (face.format, face.size, face.getpixel((50, 50))) == ("PNG", (100, 100), (100, 100, 100))


def test_faces_are_not_saved_unasked(run, tmp_path):
    archive = tmp_path / "all.zip"

    run("measure", picture(tmp_path / "a.png"), "--models", "face", "--artifacts", archive)

    with zipfile.ZipFile(archive) as saved:
        assert not [name for name in saved.namelist() if "/faces/" in name]


def test_faces_are_not_saved_where_nobody_says_where(run, tmp_path):
    ran = run("measure", picture(tmp_path / "a.png"), "--models", "face", "--save-faces")

    assert ran.exit_code == 2
    assert "--artifacts faces.zip" in ran.stderr
    assert ran.stdout == ""


@pytest.mark.parametrize(("size", "faces"), [(10, 1), (101, 0)])
def test_faces_are_as_large_as_asked_for(size, faces, run, tmp_path):
    out = tmp_path / "out.json"

    run(
        "measure", picture(tmp_path / "a.png", width=640, height=480), "--models", "face",
        "--min-face-size", size, "--json", out,
    )  # fmt: skip

    (prediction,) = json.loads(out.read_text())[0]["results"]["predictions"]
    found = prediction["models"]["face"]["grouped_predictions"]
    assert sum(len(group["predictions"]) for group in found) == faces


def test_a_film_in_strange_colours_keeps_nobody_after_it_from_being_measured(run, tmp_path):
    out = tmp_path / "out.json"
    paths = strange_film(tmp_path / "a.mp4", 100), picture(tmp_path / "b.png")

    ran = run("measure", *paths, "--models", "face", "--json", out)

    assert ran.exit_code == 0
    for source in json.loads(out.read_text()):
        (prediction,) = source["results"]["predictions"]
        assert prediction["models"]["face"]["grouped_predictions"]


@pytest.mark.skipif(not UNREADABLE.exists(), reason="only some systems have such a file")
def test_a_file_that_cannot_be_read_keeps_nobody_after_it_from_being_measured(run, tmp_path):
    out = tmp_path / "out.json"

    ran = run("measure", UNREADABLE, talk(tmp_path / "talk.wav"), "--models", "prosody", "--json", out)

    assert ran.exit_code == 1
    unread, talked = json.loads(out.read_text())
    (error,) = unread["results"]["errors"]
    assert (error["file"], error["message"]) == ("mem", "'/proc/self/mem' cannot be read: Input/output error")
    assert list(talked["results"]["predictions"][0]["models"]) == ["prosody"]


def test_a_text_that_is_taken_for_a_file_is_told_where_texts_go(run):
    ran = run("measure", "happy " * 60)

    assert ran.exit_code == 2
    assert "--text" in ran.stdout


def test_names_that_are_no_utf_8_are_written_like_any_other(run, tmp_path):
    """Python hands on their bytes as halves of surrogate pairs."""
    out = tmp_path / "out.json"
    for name in (b"caf\xe9.txt", b"d.txt"):
        (tmp_path / os.fsdecode(name)).write_text("Good!")
    given = [os.fsdecode(b"caf\xe9.txt"), "d.txt", os.fsdecode(b"nowhere\xe9.txt")]

    ran = run(
        "measure", *(tmp_path / name for name in given), os.fsdecode(b"http://localhost/caf\xe9"),
        "--models", "language", "--json", out, "--csv", tmp_path / "scores",
    )  # fmt: skip

    assert ran.exit_code == 1
    *files, address = [one["source"] for one in json.loads(out.read_text())]
    assert [file["filename"] for file in files] == ["café.txt", "d.txt", "nowhereé.txt"]
    assert address["url"] == "http://localhost/café"
    assert len([*(tmp_path / "scores").glob("*/csv/**/language.csv")]) == 2


@pytest.mark.parametrize(
    ("option", "path", "message"),
    [
        pytest.param("--json", "", "is a folder", id="JSON"),
        pytest.param("--json", "a.txt/out.json", "cannot be written", id="below a file"),
        pytest.param("--artifacts", "", "is a folder", id="artifacts"),
        pytest.param("--csv", "a.txt", "is a file", id="CSVs"),
        pytest.param("--draw", "a.txt", "is a file", id="drawings"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_measured(option, path, message, run, tmp_path):
    (tmp_path / "a.txt").write_text("Good!")

    ran = run("measure", tmp_path / "a.txt", option, tmp_path / path)

    assert isinstance(ran.exception, RequestError)
    assert str(ran.exception).startswith(f"{option} {tmp_path}")
    assert message in str(ran.exception)
    assert ran.stdout == ""


def test_folders_of_what_is_written_are_made(run, tmp_path):
    out, archive = tmp_path / "new" / "out.json", tmp_path / "newer" / "all.zip"

    ran = run("measure", "--text", "Good!", "--models", "language", "--json", out, "--artifacts", archive)

    assert ran.exit_code == 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out.json"]
    assert json.loads(out.read_text())
    assert zipfile.is_zipfile(archive)


@pytest.mark.skipif(not FULL.exists(), reason="only some systems have such a file")
def test_what_cannot_be_written_in_the_end_costs_nothing_else(run, tmp_path):
    ran = run(
        "measure", "--text", "Good!", "--models", "language", "--json", FULL, "--csv", tmp_path / "scores",
    )  # fmt: skip

    assert ran.exit_code == 1
    assert "--json /dev/full could not be written: No space left on device" in ran.stderr
    assert [*(tmp_path / "scores").rglob("language.csv")]
    kept = Path(re.search(r"kept in (\S+):", ran.stderr)[1])
    assert json.loads((kept / "1" / "0" / "file.json").read_text())["models"]["language"]
    shutil.rmtree(kept)


def test_what_was_there_keeps_its_rights_and_its_place(run, tmp_path):
    out, link = tmp_path / "out.json", tmp_path / "link.json"
    out.write_text("[]")
    out.chmod(0o600)
    link.symlink_to(out)

    run("measure", "--text", "Good!", "--models", "language", "--json", link)

    assert link.is_symlink()
    assert json.loads(out.read_text())
    assert out.stat().st_mode & 0o777 == 0o600


def test_csvs_of_two_runs_are_not_mixed(run, tmp_path):
    ask = ("measure", "--text", "Good!", "--models", "language", "--csv", tmp_path / "scores")
    assert run(*ask).exit_code == 0

    ran = run(*ask)

    assert isinstance(ran.exception, RequestError)
    assert "contains results of another run" in str(ran.exception)


def test_a_table_of_somebody_else_is_not_overwritten(run, tmp_path):
    (tmp_path / "language.csv").write_text("mine")

    ran = run("measure", "--text", "Good!", "--models", "language", "--csv", tmp_path)

    assert isinstance(ran.exception, RequestError)
    assert (tmp_path / "language.csv").read_text() == "mine"


@pytest.fixture
def interrupted(monkeypatch):
    """A text that says so sends the signal to stop, which is Ctrl-C unless it is set."""
    how = SimpleNamespace(signal=signal.SIGINT)

    def read(self, passages):
        if any("Stop" in passage.text for passage in passages):
            signal.raise_signal(how.signal)
        return reads(self, passages)

    reads = Stub.read_texts
    monkeypatch.setattr(Stub, "read_texts", read)
    # shells let what they start in the background ignore Ctrl-C, and nohup that they end
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield how
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_what_was_measured_before_an_interruption_is_written(number, code, interrupted, run, calls, tmp_path):
    interrupted.signal = number
    before = signal.getsignal(number)
    out = tmp_path / "out.json"
    (calls / "p2" / "call.txt").write_text("Stop!")
    (calls / "p3.txt").write_text("Good!")

    ran = run("measure", calls, "--models", "language", "--json", out)

    assert ran.exit_code == code
    assert signal.getsignal(number) == before
    first, second = json.loads(out.read_text())
    assert first["results"]["predictions"][0]["file"] == "p1/call.txt"
    assert second["results"]["predictions"] == []
    (error,) = second["results"]["errors"]
    assert error["file"] == "p2/call.txt"
    assert "interrupted" in error["message"]
    assert "mien: interrupted at 2 of 3; nothing after that was measured" in ran.stderr


def names_in(table):
    with table.open(encoding="utf-8", newline="") as file:
        return [row["File"].partition("/")[2] for row in csv.DictReader(file)]


@pytest.mark.usefixtures("interrupted")
def test_an_interrupted_run_is_gone_on_with(run, calls, tmp_path):
    scores, out = tmp_path / "scores", tmp_path / "out.json"
    command = ("measure", calls, "--models", "language", "--csv", scores, "--json", out)
    (calls / "p2" / "call.txt").write_text("Stop!")

    first = run(*command)

    assert first.exit_code == 130
    assert "the same with --resume" in first.stderr
    assert names_in(scores / "language.csv") == ["p1/call.txt"]
    assert "--resume" in str(run(*command).exception)  # and not mixed

    (calls / "p2" / "call.txt").write_text("Good!")
    (calls / "p0.txt").write_text("New!")
    second = run(*command, "--resume")

    assert second.exit_code == 0
    assert [line for line in second.stdout.splitlines() if "before" in line] == [
        "p1/call.txt  measured before"
    ]
    assert names_in(scores / "language.csv") == ["p0.txt", "p1/call.txt", "p2/call.txt"]
    assert [one["source"]["filename"] for one in json.loads(out.read_text())] == [
        "p0.txt",
        "p1/call.txt",
        "p2/call.txt",
    ]
    assert sorted(path.name for path in scores.iterdir()) == [
        "columns.md",
        "file-0-p0.txt",
        "file-1-call.txt",
        "file-2-call.txt",
        "language.csv",
    ]


def test_files_that_could_not_be_measured_are_tried_again(run, calls, tmp_path):
    command = ("measure", calls, "--models", "language", "--csv", tmp_path / "scores", "--resume")
    (calls / "p2" / "call.txt").write_bytes(b"\0")

    assert run(*command).exit_code == 1
    (calls / "p2" / "call.txt").write_text("Good!")
    again = run(*command)

    assert again.exit_code == 0
    assert again.stdout.count("measured before") == 1
    assert not (tmp_path / "scores" / ".unfinished").exists()


@pytest.mark.usefixtures("interrupted")
@pytest.mark.parametrize("option", [("--sentiment",), ("--models", "ner")])
def test_results_of_other_options_are_not_mixed(option, run, calls, tmp_path):
    command = ("measure", calls, "--csv", tmp_path / "scores")
    (calls / "p2" / "call.txt").write_text("Stop!")
    run(*command)

    ran = run(*command, *option, "--resume")

    assert isinstance(ran.exception, RequestError)
    assert "other options" in str(ran.exception)


@pytest.mark.usefixtures("interrupted")
def test_a_file_whose_content_is_another_is_measured_again(run, calls, tmp_path):
    command = ("measure", calls, "--models", "language", "--csv", tmp_path / "scores")
    (calls / "p2" / "call.txt").write_text("Stop!")
    run(*command)
    for person in ("p1", "p2"):
        (calls / person / "call.txt").write_text("Bad!")

    assert "before" not in run(*command, "--resume").stdout


@pytest.mark.skipif(not FULL.exists(), reason="only some systems have such a file")
def test_a_disk_that_fills_up_is_named(run, calls, tmp_path, monkeypatch):
    monkeypatch.setattr(LocalFolder, "write", lambda folder, path: FULL.open("wb"))

    ran = run("measure", calls, "--models", "language", "--csv", tmp_path / "scores")

    assert reason(ran.exception) == f"{tmp_path / 'scores' / '.unfinished'}: No space left on device"


def test_where_there_is_no_folder_nothing_is_gone_on_with(run):
    ran = run("measure", "--text", "Good!", "--resume")

    assert isinstance(ran.exception, RequestError)
    assert "--csv" in str(ran.exception)


def test_what_is_told_to_go_on_when_the_terminal_closes_goes_on(interrupted, run):
    interrupted.signal = signal.SIGHUP
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        ran = run("measure", "--text", "Stop!", "--models", "language")
    finally:
        signal.signal(signal.SIGHUP, before)

    assert ran.exit_code == 0


@pytest.mark.usefixtures("interrupted")
def test_an_interruption_before_anything_was_measured_leaves_earlier_results(run, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    out = tmp_path / "out.json"
    out.write_text("of another run")

    ran = run("measure", "--text", "Stop!", "--models", "language", "--json", out)

    assert ran.exit_code == 130
    assert out.read_text() == "of another run"
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_an_interruption_of_the_writing_leaves_what_was_measured(run, tmp_path, monkeypatch):
    def write(results, out):
        raise KeyboardInterrupt

    monkeypatch.setattr(outputs, "write_predictions", write)

    ran = run("measure", "--text", "Good!", "--models", "language", "--json", tmp_path / "out.json")

    assert ran.exit_code == 130
    assert not (tmp_path / "out.json").exists()
    kept = Path(re.search(r"kept in (\S+):", ran.stderr)[1])
    assert json.loads((kept / "1" / "0" / "file.json").read_text())["models"]["language"]
    shutil.rmtree(kept)


@pytest.fixture
def broken(monkeypatch):
    """The reader of texts breaks at one that says so."""

    def read(self, passages):
        if any("Break" in passage.text for passage in passages):
            raise EngineError("the reader broke")
        return reads(self, passages)

    reads = Stub.read_texts
    monkeypatch.setattr(Stub, "read_texts", read)


@pytest.mark.usefixtures("broken")
def test_an_engine_that_breaks_at_a_file_is_an_error_of_that_file(run, calls, tmp_path):
    out = tmp_path / "out.json"
    (calls / "p2" / "call.txt").write_text("Break!")
    (calls / "p3.txt").write_text("Good!")

    ran = run("measure", calls, "--models", "language", "--json", out)

    assert ran.exit_code == 1
    results = [one["results"] for one in json.loads(out.read_text())]
    assert [[file["file"] for file in one["predictions"]] for one in results] == [
        ["p1/call.txt"],
        [],
        ["p3.txt"],
    ]
    assert results[1]["errors"] == [{"file": "p2/call.txt", "model": None, "message": "the reader broke"}]


@pytest.mark.usefixtures("broken")
def test_an_engine_that_breaks_within_an_archive_spares_what_came_before(run, tmp_path):
    out = tmp_path / "out.json"
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name, text in (("a.txt", "Good!"), ("b.txt", "Break!"), ("c.txt", "Good!")):
            archive.writestr(name, text)

    ran = run("measure", tmp_path / "all.zip", "--models", "language", "--json", out)

    assert ran.exit_code == 1
    (source,) = json.loads(out.read_text())
    assert [file["file"] for file in source["results"]["predictions"]] == ["a.txt"]
    (error,) = source["results"]["errors"]
    assert (error["file"], error["message"]) == (
        "all.zip",
        "the reader broke; nothing after this was measured",
    )


@pytest.mark.parametrize(
    ("named", "code", "missing"),
    [
        pytest.param([], 0, [], id="by nobody"),
        pytest.param(["--models", "prosody,language"], 1, ["language"], id="by name"),
        pytest.param(["--models", "language"], 2, ["language"], id="alone"),
    ],
)
def test_words_that_are_not_written_down_are_missed_where_they_were_asked_for(
    named, code, missing, run, tmp_path
):
    out = tmp_path / "out.json"

    ran = run("measure", talk(tmp_path / "a.wav"), "--no-transcription", *named, "--json", out)

    assert ran.exit_code == code
    assert [error["model"] for error in json.loads(out.read_text())[0]["results"]["errors"]] == missing


def test_texts_need_no_transcription(run, tmp_path):
    out = tmp_path / "out.json"

    ran = run("measure", "--text", "Good!", "--no-transcription", "--json", out)

    assert ran.exit_code == 0
    assert list(json.loads(out.read_text())[0]["results"]["predictions"][0]["models"]) == ["language", "ner"]


@pytest.fixture
def faceless(environment):
    """A machine that cannot find faces."""
    environment["MIEN_FACE_FINDER"] = "mesh"
    environment["MIEN_OFFLINE"] = "true"


@pytest.mark.usefixtures("faceless")
@pytest.mark.parametrize(
    ("named", "code", "missing"),
    [
        pytest.param([], 0, [], id="by nobody"),
        pytest.param(["--models", "prosody,face"], 1, ["face", "face"], id="by name"),
    ],
)
def test_a_model_without_an_engine_is_noted_once_or_missed_where_it_was_named(
    named, code, missing, run, tmp_path
):
    out = tmp_path / "out.json"
    films = [film(tmp_path / name, *[100] * 30, sound=tone(1.0)) for name in ("a.mp4", "b.mp4")]

    ran = run("measure", *films, *named, "--json", out)

    assert ran.exit_code == code
    results = [one["results"] for one in json.loads(out.read_text())]
    assert [error["model"] for one in results for error in one["errors"]] == missing
    assert all("prosody" in one["predictions"][0]["models"] for one in results)
    assert ran.stderr.count("note: face is left out: the face detection networks") == (not named)


@pytest.mark.usefixtures("faceless")
def test_a_file_that_nothing_measures_says_why(run, tmp_path):
    ran = run("measure", picture(tmp_path / "a.png"))

    assert ran.exit_code == 2
    assert "face: the face detection networks have not been pulled" in ran.stdout


@pytest.fixture
def seen_enough(environment):
    """Run the command line for a reader that leaves after the first line: exit code, and what it says."""

    def run(*arguments):
        command = [sys.executable, "-m", "mien", "measure", *map(str, arguments)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=os.environ | environment) as process:
            process.stdout.readline()
            process.stdout.close()
            said = process.stderr.read().decode()
        return process.returncode, [line for line in said.splitlines() if line and "the stub" not in line]

    return run


TEXTS = [argument for number in range(300) for argument in ("--text", f"This is text {number}!")]
"""More than a pipe holds."""


def test_who_reads_no_further_ends_it_quietly(seen_enough):
    assert seen_enough(*TEXTS) == (1, [])


def test_what_is_to_be_written_is_written_whoever_reads_on(seen_enough, tmp_path):
    assert seen_enough(*TEXTS, "--json", tmp_path / "all.json") == (0, [])

    (source,) = json.loads((tmp_path / "all.json").read_text())
    assert len(source["results"]["predictions"]) == 300
