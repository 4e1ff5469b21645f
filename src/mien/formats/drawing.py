"""What was found in pictures, drawn into them: an SVG a frame, with a box and the highest names a face.

SVG because whoever shows it brings the letters along: any browser does.
"""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from html import escape
from io import BytesIO

import PIL.Image

from mien.formats import Folder
from mien.media import Wanted
from mien.models.face import FacePrediction
from mien.types import Frame, Image, Measured

TOP = 3
"""Names written a face."""

QUALITY = 90
"""Of the pictures inside, as JPEG has it: a tenth of what PNG takes, and no difference to be seen."""

LONGEST = 16_384
"""Pixels a side of the pictures inside: JPEG ends at four times as many, browsers at about so many."""

LETTER = 0.64
"""Width of a letter of usual fonts beside its height, at most on average."""

_COLOURS = ("#ffd400", "#00c2ff", "#ff5fa2", "#7dff6a", "#ff8a3d", "#c08bff")
"""Of persons in order of appearance."""


def draw(
    measured: Measured, frames: Callable[[Iterable[Wanted]], Iterable[Frame]], folder: Folder, most: int = 0
) -> None:
    """Write `frame=<frame>.svg` for frames with faces, at most so many of them, evenly; 0 is all.

    `frames` gives the frames of the file that are wanted.
    """
    faces: dict[int, list[tuple[str, FacePrediction]]] = defaultdict(list)
    for colour, group in enumerate(measured.groups):
        for prediction in group.predictions:
            if isinstance(prediction, FacePrediction):
                faces[prediction.frame].append((_COLOURS[colour % len(_COLOURS)], prediction))
    wanted = sorted(faces)
    if most and len(wanted) > most:
        wanted = [wanted[k * len(wanted) // most] for k in range(most)]
    for frame in frames(map(Wanted, wanted)):
        with folder.write(f"frame={frame.index}.svg") as out:
            out.write("".join(_svg(frame, faces[frame.index])).encode())


def _svg(frame: Frame, faces: Iterable[tuple[str, FacePrediction]]) -> Iterator[str]:
    height, width = frame.image.shape[:2]
    letter = max(width, height) / 60
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
    yield f' font-family="sans-serif" font-size="{letter:.1f}">\n'
    yield f'<image width="{width}" height="{height}" href="data:image/jpeg;base64,'
    yield f'{b64encode(_jpeg(frame.image)).decode()}"/>\n'
    for colour, face in faces:
        box = face.box
        yield f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.w:.1f}" height="{box.h:.1f}"'
        yield f' fill="none" stroke="{colour}" stroke-width="{letter / 7:.1f}"/>\n'
        lines = [f"{face.person} {face.prob:.2f}"] if face.person != "unknown" else []
        lines += [f"{name} {score:.2f}" for name, score in face.emotions.top(TOP)]
        below = box.y + box.h + (len(lines) + 0.5) * letter * 1.2 <= height
        first = box.y + box.h + letter * 1.2 if below else box.y - letter * 1.2 * (len(lines) - 0.7)
        first = max(letter, first)  # of a face that fills the height, they are on it
        # a plate behind the lines: not every viewer draws outlines behind letters
        wide = LETTER * letter * max(map(len, lines))
        left = max(0.0, min(box.x, width - wide))
        yield f'<rect x="{left:.1f}" y="{first - letter:.1f}" width="{wide:.1f}"'
        yield f' height="{(len(lines) + 0.15) * letter * 1.2:.1f}" fill="#000" fill-opacity="0.6"/>\n'
        for k, line in enumerate(lines):
            yield f'<text x="{left + letter / 4:.1f}" y="{first + k * letter * 1.2:.1f}" fill="{colour}">'
            yield f"{escape(line)}</text>\n"
    yield "</svg>\n"


def _jpeg(image: Image) -> bytes:
    out = BytesIO()
    picture = PIL.Image.fromarray(image)
    picture.thumbnail((LONGEST, LONGEST))
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
