"""One table over all files of a job."""

import csv
from io import BytesIO, StringIO
from zipfile import ZipFile

from mien.formats.table import table


def archive(**files):
    """Artifacts in which each file has these rows of `language.csv`."""
    out = BytesIO()
    with ZipFile(out, "w") as written:
        for name, rows in files.items():
            text = StringIO()
            csv.writer(text).writerows([["Id", "Text"], *rows])
            written.writestr(f"file-0-{name}/csv/{name}/language.csv", text.getvalue())
    return out


def test_rows_say_which_file_they_are_of():
    artifacts = archive(a=[["unknown", "Good!"], ["spk_0", 'No, "good"\n!']], b=[["unknown", "Bad."]])

    said = b"".join(table(artifacts, "language")).decode()

    assert list(csv.reader(StringIO(said, newline=""))) == [
        ["File", "Id", "Text"],
        ["file-0-a/a", "unknown", "Good!"],
        ["file-0-a/a", "spk_0", 'No, "good"\n!'],
        ["file-0-b/b", "unknown", "Bad."],
    ]
    assert b"".join(table(artifacts, "prosody")) == b""


def test_a_long_text_comes_out_whole():
    text = "good " * 40_000

    said = b"".join(table(archive(a=[["unknown", text]]), "language")).decode()

    assert text in said
