from io import BytesIO

import pytest

from mien import labels
from mien.formats.folder import LocalFolder, keep, keep_all, kept
from mien.models.crops import Crops
from mien.models.face import FacePrediction
from mien.types import Box, FileMeasurement, Group, Measured, Problem
from tests.formats.examples import scores


def face(frame: int) -> FacePrediction:
    return FacePrediction(
        frame=frame,
        time=frame / 30,
        prob=1.0,
        box=Box(0, 0, 30, 20),
        emotions=scores(labels.EXPRESSIONS),
        crop=Crops().keep(b"picture %d" % frame),
    )


def saved(folder: LocalFolder, *faces: FacePrediction) -> list[str]:
    measured = Measured(groups=(Group("face_0", faces),))
    keep(FileMeasurement(file="v.mp4", file_type="video", models={"face": measured}), folder)
    return list(folder.paths())


def test_a_folder_holds_what_the_door_says(tmp_path):
    assert saved(LocalFolder(tmp_path), face(0), face(100)) == [
        "csv/face.csv",
        "faces/face_0/frame=0.png",
        "faces/face_0/frame=100.png",
        "file.json",
        "problems.json",
    ]


def test_two_faces_of_one_frame_are_both_saved(tmp_path):
    paths = saved(LocalFolder(tmp_path), face(7), face(7))

    assert [path for path in paths if path.startswith("faces/")] == [
        "faces/face_0/frame=7-2.png",
        "faces/face_0/frame=7.png",
    ]


def test_a_saved_face_is_written_as_it_was_kept(tmp_path):
    folder = LocalFolder(tmp_path)
    saved(folder, face(7))

    with folder.read("faces/face_0/frame=7.png") as file:
        assert file.read() == b"picture 7"


def test_a_file_that_could_not_be_read_leaves_only_its_problems(tmp_path):
    folder = LocalFolder(tmp_path)

    keep(FileMeasurement(file="x", file_type=None, errors=(Problem(file="x", message="no"),)), folder)

    assert list(folder.paths()) == ["problems.json"]
    with pytest.raises(FileNotFoundError):
        folder.read("file.json")


def test_files_kept_together_are_as_each_in_its_folder(tmp_path):
    faces = Measured(groups=(Group("face_0", (face(0), face(7), face(7))),))
    files = [
        FileMeasurement(file="v.mp4", file_type="video", models={"face": faces}),
        FileMeasurement(file="x", file_type=None, errors=(Problem(file="x", message="no"),)),
        FileMeasurement(file="v.mp4", file_type="video", models={"face": faces}),
    ]
    archive = BytesIO()
    keep_all(files, archive)
    alone = [LocalFolder(tmp_path / f"{i}") for i in range(3)]
    for file, folder in zip(files, alone, strict=True):
        keep(file, folder)

    assert [contents(folder) for folder in kept(archive)] == [contents(folder) for folder in alone]


def test_what_was_not_kept_in_an_archive_is_not_found():
    archive = BytesIO()
    keep_all([FileMeasurement(file="x", file_type=None)], archive)

    (folder,) = kept(archive)
    with pytest.raises(FileNotFoundError):
        folder.read("file.json")


def test_a_folder_that_was_never_written_to_is_empty(tmp_path):
    assert list(LocalFolder(tmp_path / "nowhere").paths()) == []


def contents(folder):
    found = {}
    for path in folder.paths():
        with folder.read(path) as file:
            found[path] = file.read()
    return found
