"""One table a model, over all files of a job: what its artifacts hold file by file."""

import csv
from collections.abc import Iterator
from io import StringIO, TextIOWrapper
from typing import BinaryIO
from zipfile import ZipFile

ROWS = 500
"""Written at once."""

csv.field_size_limit(2**31 - 1)  # a passage may be as long as a text


def table(artifacts: BinaryIO, model: str) -> Iterator[bytes]:
    """The rows of all files as one CSV table, whose first column says which file; nothing where there is
    none of this model."""
    with ZipFile(artifacts) as archive:
        out, headed = StringIO(), False
        writer = csv.writer(out)
        names = [name for name in archive.namelist() if "/csv/" in name and name.endswith(f"/{model}.csv")]
        for name in names:
            source, _, path = name.removesuffix(f"/{model}.csv").partition("/csv/")
            with TextIOWrapper(archive.open(name), "utf-8", newline="") as file:
                for i, row in enumerate(csv.reader(file)):
                    if i:
                        writer.writerow([f"{source}/{path}", *row])
                    elif not headed:
                        headed = True
                        writer.writerow(["File", *row])
                    if i % ROWS == 0:
                        yield _taken(out)
        yield _taken(out)


def _taken(out: StringIO) -> bytes:
    """What has been written since."""
    written = out.getvalue().encode()
    out.seek(0)
    out.truncate()
    return written
