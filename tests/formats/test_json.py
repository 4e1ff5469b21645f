import os
import tracemalloc
from io import BytesIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from mien import labels
from mien.formats.folder import LocalFolder, keep
from mien.formats.json import write_file, write_predictions
from mien.models.prosody import ProsodyPrediction
from mien.types import FileMeasurement, Group, Interval, Measured, Problem, UrlSource
from mien.wire.batch import result_json
from tests.formats.examples import files, scores, sources


@given(st.lists(st.tuples(sources, st.lists(files, max_size=2)), max_size=2))
@settings(deadline=None, max_examples=60)
def test_what_is_put_together_from_folders_is_the_wires_json(results):
    with TemporaryDirectory() as folder:
        numbers = count()
        kept = []
        for source, measured in results:
            folders = [LocalFolder(Path(folder) / str(next(numbers))) for _ in measured]
            for file, its in zip(measured, folders, strict=True):
                keep(file, its)
            kept.append((source, folders))
        out = BytesIO()
        write_predictions(kept, out)

    wanted = [result_json(source, measured) for source, measured in results]
    assert out.getvalue() == orjson.dumps(wanted)  # to the byte: compact, and in the same order


def test_warnings_are_told_only_where_there_are_any(tmp_path):
    plain = FileMeasurement(file="a.wav", file_type="audio")
    warned = FileMeasurement(
        file="a.wav", file_type="audio", warnings=(Problem(file="a.wav", message="half of it"),)
    )

    assert "warnings" not in _written(plain, tmp_path / "plain")["results"]
    assert _written(warned, tmp_path / "warned")["results"]["warnings"] == [
        {"file": "a.wav", "model": None, "message": "half of it"}
    ]


def test_a_file_that_could_not_be_read_is_an_error_and_no_prediction(tmp_path):
    broken = FileMeasurement(
        file="Angry/.DS_Store",
        file_type=None,
        errors=(Problem(file="Angry/.DS_Store", message="unable to determine file type"),),
    )

    assert _written(broken, tmp_path)["results"] == {
        "predictions": [],
        "errors": [{"file": "Angry/.DS_Store", "model": None, "message": "unable to determine file type"}],
    }


def test_memory_stays_flat_however_many_predictions_a_file_has():
    one = ProsodyPrediction(
        text=None,
        time=Interval(0.0, 4.0),
        confidence=None,
        speaker_confidence=None,
        emotions=scores(labels.EXPRESSIONS),
    )
    measured = Measured(groups=(Group("unknown", (one,) * 2_000),))
    file = FileMeasurement(file="talk.wav", file_type="audio", models={"prosody": measured})

    tracemalloc.start()
    with Path(os.devnull).open("wb") as out:
        write_file(file, out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 500_000  # of five million bytes that are written


def _written(file: FileMeasurement, folder: Path):
    keep(file, LocalFolder(folder))
    out = BytesIO()
    write_predictions([(UrlSource("https://example.org/a.wav"), [LocalFolder(folder)])], out)
    (result,) = orjson.loads(out.getvalue())
    return result
