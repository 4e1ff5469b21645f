"""What the columns of the tables mean: a page that lies beside them, and in the reference."""

from collections.abc import Iterator

from mien.formats.csv import columns
from mien.models import MODELS

NAME = "columns.md"
"""What the page is called beside tables."""

MEANINGS = {
    "frame": "number of the frame in the video, from 0; 0 for images",
    "time": "seconds from the start of the video or recording; 0 for images, empty for texts",
    "prob": "how sure it is that this is a face, 0 to 1",
    "box": "left edge, top edge, width and height of the bounding box, in pixels",
    "text": "what is said or written in it; empty in windows",
    "position": "from which to which character of the text, or of all that was said, counted from 0; the"
    " second is the first after it",
    "confidence": "how sure it is that this was said, 0 to 1; empty for texts and in windows",
    "speaker_confidence": "how sure it is that this person says it, 0 to 1; empty unless speakers were told"
    " apart",
    "entity": "what is named, as it is written there",
    "entity_type": "PERSON, LOCATION, ORGANIZATION, PRODUCT, WORK, EVENT or MISC",
    "entity_confidence": "how sure it is that this is such a name, 0 to 1",
    "support": "always 0, as the knowledge base that the retired API had is not here",
    "uri": "always empty, for the same reason",
    "link_word": "the same as Entity",
    "emotions": "share of average people who, given only this piece, would say that it expresses this,"
    " 0 to 1",
    "facs": "how visible this action unit, or gesture of hands, is, 0 to 1; empty unless asked for",
    "descriptions": "share of average people who would describe it so, 0 to 1; of faces, empty unless asked"
    " for",
    "sentiment": "share of people who would give this mark, from 1 (negative) to 9 (positive): they sum to 1;"
    " empty unless asked for",
    "toxicity": "how likely it is toxic in this way, 0 to 1; empty unless asked for",
}
"""By the field that they are made from."""

HEAD = """\
# Columns

The CSVs of `mien measure --csv`, of artifacts and of the page, in UTF-8, with commas. `--csv` and the page
give one table a model over all files, such as `prosody.csv`, whose first column, `File`, says which file.
`--csv` and artifacts hold the same file by file, `<kind>-<number>-<name>/csv/<path of the file>/<model>.csv`.
What some file system does not take in names is `_` there.

Each row is one prediction: a face in a frame, a piece of speech, a burst, a passage, an entity. Those of a
file come in order of time, whoever they are about: `Id` is `face_0`, `spk_1` … where people were told apart,
else `unknown`. A cell is empty where there is nothing to say. Scores of different names are independent of
each other. A table with a header alone: there was nothing of the kind in the file. No table: the model does
not read such files, or failed; `errors` of the JSON say why.

Where speech is cut by one granularity, `prosody.csv` and `language.csv` have the same pieces in the same
order; the times of prosody have 0.2 seconds more on either side.

```python
import pandas  # to which words such as "null" are nothing, unless it is told

rows = pandas.read_csv("scores/prosody.csv", keep_default_na=False, na_values=[""])
speakers = rows.groupby(["File", "Id"]).mean(numeric_only=True)  # of pieces, however long
```

In R: `rows <- read.csv("scores/prosody.csv", check.names = FALSE, na.strings = "")`
"""


def page() -> str:
    """The page, in Markdown."""
    return "\n".join([HEAD, *(line for name in MODELS for line in _section(name))])


def _section(model: str) -> Iterator[str]:
    yield from (f"## `{model}.csv`", "", "| column | |", "|---|---|")
    yield "| `Id` | the person or speaker it is about |"
    for column in columns(MODELS[model].prediction):
        first, *rest = (f"`{head}`" for head in column.heads)
        heads = f"{first} … {rest[-1]} ({len(column.heads)})" if len(rest) > 3 else ", ".join([first, *rest])
        yield f"| {heads} | {MEANINGS[column.field]} |"
    yield ""
