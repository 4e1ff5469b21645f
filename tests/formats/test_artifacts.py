from collections.abc import Iterable
from io import BytesIO, RawIOBase
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien import labels
from mien.formats.artifacts import write_artifacts
from mien.formats.folder import LocalFolder, keep
from mien.models.crops import Crops
from mien.models.face import FacePrediction
from mien.models.prosody import ProsodyPrediction
from mien.types import (
    Box,
    FileMeasurement,
    FileSource,
    Group,
    Interval,
    Measured,
    Source,
    TextSource,
    UrlSource,
)
from tests.formats.examples import scores

HEARD = Measured(
    groups=(
        Group(
            "unknown",
            (
                ProsodyPrediction(
                    text=None,
                    time=Interval(0, 1),
                    confidence=None,
                    speaker_confidence=None,
                    emotions=scores(labels.EXPRESSIONS),
                ),
            ),
        ),
    )
)
SEEN = Measured(
    groups=(
        Group(
            "face_0",
            (
                FacePrediction(
                    frame=100,
                    time=4.0,
                    prob=1.0,
                    box=Box(0, 0, 4, 4),
                    emotions=scores(labels.EXPRESSIONS),
                    crop=Crops().keep(b"picture"),
                ),
            ),
        ),
    )
)


def uploaded(name: str | None) -> FileSource:
    return FileSource(filename=name, content_type=None, md5sum="0" * 32)


def heard(name: str) -> FileMeasurement:
    return FileMeasurement(file=name, file_type="audio", models={"prosody": HEARD})


def archive(folder: Path, *results: tuple[Source, Iterable[FileMeasurement]], out=None) -> ZipFile:
    kept = []
    for i, (source, files) in enumerate(results):
        kept.append((source, folders := []))
        for j, file in enumerate(files):
            folders.append(LocalFolder(folder / f"{i}" / f"{j}"))
            keep(file, folders[-1])
    out = out or BytesIO()
    write_artifacts(kept, out)
    return ZipFile(BytesIO(out.getvalue()))


@pytest.mark.parametrize(
    ("source", "file", "paths"),
    [
        pytest.param(
            UrlSource("https://example.org/a/IMG_4648.mp4?x=1"),
            heard("IMG_4648.mp4"),
            ["url-0-IMG_4648.mp4/csv/IMG_4648.mp4/prosody.csv"],
            id="url",
        ),
        pytest.param(
            uploaded("v.mp4"),
            FileMeasurement(file="v.mp4", file_type="video", models={"face": SEEN}),
            ["file-0-v.mp4/csv/v.mp4/face.csv", "file-0-v.mp4/faces/v.mp4/face_0/frame=100.png"],
            id="saved faces",
        ),
        pytest.param(
            uploaded("faces.zip"),
            heard("Happy/21.wav"),
            ["file-0-faces.zip/csv/Happy/21.wav/prosody.csv"],
            id="archive",
        ),
        pytest.param(uploaded(None), heard("upload"), ["file-0/csv/upload/prosody.csv"], id="no name"),
        pytest.param(TextSource(), heard("0"), ["text-0/csv/0/prosody.csv"], id="text"),
    ],
)
def test_lies_where_the_api_put_it(source, file, paths, tmp_path):
    assert archive(tmp_path, (source, [file])).namelist() == paths


def test_sources_are_counted_within_their_kind(tmp_path):
    made = archive(
        tmp_path,
        (UrlSource("https://example.org/a.wav"), [heard("a.wav")]),
        (UrlSource("https://example.org/b.wav"), [heard("b.wav")]),
        (uploaded("c.wav"), [heard("c.wav")]),
        (TextSource(), [heard("0"), heard("1")]),
    )

    tops = dict.fromkeys(name.split("/")[0] for name in made.namelist())
    assert list(tops) == ["url-0-a.wav", "url-1-b.wav", "file-0-c.wav", "text-0"]


HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "a/../../b",
    "..",
    "",
    "C:\\evil",
    "a\\..\\b",
    "nul\0",
    " /. ./b",
    "x" * 3000,
    "é" * 300,
]


@given(
    st.lists(st.sampled_from(HOSTILE) | st.text(max_size=20), min_size=1, max_size=4),
    st.sampled_from(HOSTILE),
)
@settings(deadline=None, max_examples=40)
def test_no_name_leads_out_of_its_folder_or_hides_another(names, upload):
    names = [name.encode(errors="replace").decode() for name in names]
    with TemporaryDirectory() as folder:
        paths = [
            PurePosixPath(name)
            for name in archive(Path(folder), (uploaded(upload), map(heard, names))).namelist()
        ]

    assert len(set(paths)) == len(paths) == len(names)
    assert len({path.parts[0] for path in paths}) == 1
    for path in paths:
        assert path.parts[0].startswith("file-0")
        assert all(part.strip(". ") for part in path.parts)  # some systems cut these off
        assert not path.is_absolute()
        assert not set(str(path)) & set('\\:\0*?"<>|')
        assert all(len(part.encode()) <= 255 for part in path.parts)


def test_equal_results_are_equal_files(tmp_path):
    first, second = BytesIO(), BytesIO()

    archive(tmp_path / "1", (TextSource(), [heard("0")]), out=first)
    archive(tmp_path / "2", (TextSource(), [heard("0")]), out=second)

    assert first.getvalue() == second.getvalue()


class Pipe(RawIOBase):
    """Takes bytes and cannot go back, like a socket or an upload to a bucket."""

    def __init__(self) -> None:
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self.taken += bytes(data)
        return len(data)

    def getvalue(self) -> bytes:
        return self.taken


def test_tables_are_packed_and_pictures_are_not(tmp_path):
    file = FileMeasurement(file="a.mp4", file_type="video", models={"face": SEEN})

    packed = archive(tmp_path, (uploaded("a.mp4"), [file]))

    ways = {PurePosixPath(one.filename).suffix: one.compress_type for one in packed.infolist()}
    assert ways == {".csv": ZIP_DEFLATED, ".png": ZIP_STORED}


def test_can_be_written_where_nobody_can_seek(tmp_path):
    made = archive(tmp_path, (uploaded("a.wav"), [heard("a.wav")]), out=Pipe())

    assert made.testzip() is None
    assert made.read("file-0-a.wav/csv/a.wav/prosody.csv").startswith(b"Id,Text,BeginTime")


def test_a_job_without_results_is_an_empty_archive(tmp_path):
    assert archive(tmp_path, (uploaded("a.wav"), [])).namelist() == []
