"""The page that says what the columns mean."""

import pytest

from mien.formats.columns import MEANINGS, page
from mien.formats.csv import columns
from mien.models import MODELS


@pytest.mark.parametrize("model", MODELS)
def test_each_column_of_each_table_is_explained(model):
    section = page().split(f"## `{model}.csv`")[1].split("## ")[0]

    for column in columns(MODELS[model].prediction):
        first, last = column.heads[0], column.heads[-1]
        (line,) = (line for line in section.splitlines() if f"`{first}`" in line)
        assert f"`{last}`" in line
        assert len(line.split("|")[2]) > 10


def test_no_field_is_explained_that_no_table_has():
    fields = {column.field for model in MODELS.values() for column in columns(model.prediction)}

    assert set(MEANINGS) == fields
