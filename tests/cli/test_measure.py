"""`mien measure`, as typed."""

import csv
import json
import zipfile

import PIL.Image
import pytest

from tests.media import picture, strange_film, talk


def test_a_recording_is_shown_with_its_highest_scores(run, tmp_path):
    ran = run("measure", talk(tmp_path / "talk.wav"), "--models", "prosody")

    assert ran.exit_code == 0
    assert "talk.wav" in ran.stdout
    assert "Excitement" in ran.stdout


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


def test_csv_and_artifacts_hold_the_same(run, tmp_path):
    ran = run(
        "measure", talk(tmp_path / "talk.wav"), "--models", "prosody", "--no-transcription",
        "--csv", tmp_path / "scores", "--artifacts", tmp_path / "all.zip",
    )  # fmt: skip

    assert ran.exit_code == 0
    (found,) = (tmp_path / "scores").rglob("prosody.csv")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.read("file-0-talk.wav/csv/talk.wav/prosody.csv") == found.read_bytes()
    (row,) = csv.DictReader(found.open(newline=""))
    assert row["Id"] == "unknown"
    assert float(row["Excitement"]) > 0


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

    assert [one["source"]["filename"] for one in json.loads(out.read_text())] == ["a.wav", "b.png"]


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
