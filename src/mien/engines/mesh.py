"""MediaPipe's own networks for finding faces, without MediaPipe: BlazeFace (short and full range) and
the face mesh of 468 points. They are pulled at first use (`mien models pull mesh`).

BlazeFace proposes faces: its short range sees those that fill a good part of the picture, its full range
the smaller ones, and large pictures are looked at in tiles besides. The mesh is then laid on each
proposal; it says how sure it is that there is a face, and where exactly. In a film, and in the pictures of
one connection, the next is first tried with the meshes of the one before, and searched anew when a mesh is
lost, when the picture changed elsewhere, and every now and then.

Decoding follows MediaPipe's graphs (`modules/face_detection`, `modules/face_landmark`): anchors in the
middle of each cell, boxes and six points relative to them, weighted suppression of overlapping ones.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from mien.engines import ALIGNED, FoundFace, Watched
from mien.engines.onnx import opened
from mien.engines.tflite import onnx_of
from mien.engines.views import View, fitted, seen
from mien.errors import EngineError, EngineMissing
from mien.settings import Settings
from mien.types import Box, Image
from mien.weights import pulled

log = logging.getLogger(__name__)

Points = NDArray[np.float32]

CANDIDATE, FAINT = 0.4, 0.2
"""Score of BlazeFace from which the mesh is tried, and from which there may be a face that others crowd out.
Lower than MediaPipe's 0.5: the mesh decides."""

OVERLAP = 0.3
"""Share of their union that two proposals share when they mean one face; MediaPipe's own."""

TILE, TILED = 640, 900
"""Side of the tiles that larger pictures are looked at in, and the longer side from which they are, for
faces from `USUAL` pixels on: these fill a tenth of a tile, and the full range finds 57 of 60. Where smaller
ones matter, both are smaller."""

USUAL = 60.0
"""Pixels a side of the smallest faces that matter by default."""

TILES_MOST = 100
"""Tiles of one picture: larger tiles are taken for enormous pictures. With these, a face of 60 pixels is
found in 48 million."""

NEAR, PART = 0.25, 0.58
"""Share of the picture's longer side that a face fills which shows that the picture is of somebody near.
Without one, BlazeFace may have passed over a whole crowd: the picture is looked at in parts besides, of such
a side each (of a square, four)."""

SEVERAL, SURELY = 3, 2
"""Proposals from which there may be a crowd, of which BlazeFace passes over more than half; and how many of
them must surely be faces for it to be looked at more closely."""

CLOSE = ((5.0, 0.25, "full"), (3.0, 0.5, "short"), (2.5, 0.5, "short"))
"""Side of the tiles in which it then is, in faces; which of the faces proposed so far (a quantile of their
sides); and the range that looks. Of 64 faces side by side, the short range finds 61 to 64 in tiles of two and
a half faces, either range 38 to 56 in tiles of four, and 10 to 39 in tiles of five; but in these the full
range also sees others that are larger or smaller."""

CLOSE_MOST = 400
"""Tiles of one side from which on no neighbours of theirs are looked at."""

SMALLEST = 24.0
"""Side in pixels of the smallest faces that are looked for so closely."""

SMALLER = 0.6
"""Of the least size that matters: what BlazeFace and a first mesh say of a size is rough, and from here on
down no mesh is laid."""

TWICE = 0.4
"""Share of the smaller of two meshes that both cover when they lie on one face, one of them askew."""

MESH_MARGIN = 1.5
"""How much larger than the face the mesh's view is; MediaPipe's own."""

CLEAR = 8.0
"""Presence (logit) from which a mesh is not laid once more: one a little askew on a clear face has less."""

HELD = 4.0
"""Presence (logit) that a mesh laid where the face was a frame ago needs, for the face not to be searched
anew."""

RESIZED, MOVED = 0.15, 0.08
"""By how much, in sides of its view, a mesh may lie elsewhere than its view expects: beyond that it is laid
again, and in a film a detector is asked, since a mesh sure of itself may still sit askew."""

AGREED, AGREED_TURN = 0.65, 0.2
"""Share of their union, and radians between their tilts, from which on and up to which a detector says that
a mesh sits well. Of 264 meshes laid on purpose where the face was not, 165 of 166 agree that are less than
.02 of a face off, and 1 of 23 that are off by more than .1."""

CHECKED = 2.0
"""Side of the view in which a detector looks at one face, in faces."""

CLOSELY = 6.0
"""Side, in the smallest faces that matter, of the largest view in which the short range sees all of them."""

SEARCHED_AFTER = 2.0
"""Seconds after which a film is searched anew, and in tiles, though every face is held and nothing seems to
have changed: somebody who comes in far away, and in the colours of what is behind, changes little."""

SAMPLES, CELLS = 64, 16
"""Pixels and cells a side by which a picture is compared with the one that was last searched."""

CHANGED = 24.0
"""By how much (of 255) a cell must have become lighter or darker than the others for something to be new
there: a face differs from what it hides by more, and the noise of a camera is less."""

CUT = 0.5
"""Share of cells that change when it is another scene."""

SURROUNDED = 3.0
"""How much larger than a part that changed a view of it must be: a face may be larger than what changed."""

AROUND = 1.6
"""How much larger than its mesh the surroundings of a face are, whose changes are its own."""

PRESENCE_MIDDLE, PRESENCE_WIDTH = 0.0, 1.0
"""From the presence logit to `probability`: σ((presence − middle) / width)."""

FRAMED, RAISED = 1.11, 0.037
"""The view that readers get, as FER+ frames its faces: its side for a mesh of 1, and how far its
middle lies above the mesh's, in sides of the mesh. Medians of 1,431 meshes on FER+ faces."""

STRAIGHTENED = 0.26
"""Radians (15°) of tilt that readers get to see; what is more is turned back."""

_RIGHT_EYE, _LEFT_EYE = (33, 133), (362, 263)
"""Corners of the eyes in the mesh, as they follow each other in the picture."""

ALIGNED_POINTS = ((33, 133, 159, 145), (362, 263, 386, 374), (1, 4), (61,), (291,))
ALIGNED_PLACES: Points = (
    np.array(
        [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)],
        np.float32,
    )
    + np.float32(0.5)
) / np.float32(ALIGNED)
"""Points of the mesh whose means are eyes (corners and lids), tip of the nose and corners of the mouth, as
they follow each other in the picture; and where ArcFace has these, from 0 to 1: its own figures are in 112
pixels, of which the first has its middle at 0 (Deng et al., CVPR 2019). Its detectors see them 1 to 3
pixels off."""

_AVERAGED: Points = np.array(
    [[(point in some) / len(some) for point in range(468)] for some in ALIGNED_POINTS], np.float32
)
"""(5, points of the mesh): these means, as a product."""


@dataclass(frozen=True, slots=True)
class _Proposal:
    """Where a face may be."""

    score: float
    box: NDArray[np.float32]
    """left, top, right, bottom"""
    turn: float

    @property
    def view(self) -> View:
        middle = (self.box[:2] + self.box[2:]) / 2
        return View(float(middle[0]), float(middle[1]), self.side * MESH_MARGIN, self.turn)

    @property
    def side(self) -> float:
        return float((self.box[2:] - self.box[:2]).max())


@dataclass(frozen=True, slots=True)
class _Held:
    """A mesh, in pixels, and how sure it is."""

    points: Points
    presence: float
    turn: float
    """Tilt of the head, from eye to eye"""
    x: float
    y: float
    side: float
    """Middle and longer side of the upright mesh"""
    box: NDArray[np.float32]
    """left, top, right, bottom"""

    @classmethod
    def of(cls, points: Points, presence: float) -> "_Held":
        across, down = (points[list(_LEFT_EYE)] - points[list(_RIGHT_EYE)]).sum(0).tolist()
        turn = float(np.arctan2(down, across))
        cos, sin = np.cos(turn), np.sin(turn)
        back = np.array([[cos, sin], [-sin, cos]], np.float32)
        flat = np.ascontiguousarray(points.T)  # whose rows are looked through in a quarter of the time
        upright = back @ flat
        low, high = upright.min(1), upright.max(1)
        x, y = (low + high) / 2 @ back
        box = np.concatenate([flat.min(1), flat.max(1)])
        return cls(points, presence, turn, float(x), float(y), float((high - low).max()), box)

    def next_view(self) -> View:
        """Where to lay the mesh in the next frame."""
        return View(self.x, self.y, self.side * MESH_MARGIN, self.turn)

    def framed(self) -> View:
        """What readers are to see."""
        up = self.side * RAISED
        back = self.turn - float(np.clip(self.turn, -STRAIGHTENED, STRAIGHTENED))
        x, y = self.x + up * float(np.sin(self.turn)), self.y - up * float(np.cos(self.turn))
        return View(x, y, self.side * FRAMED, back)

    def aligned(self) -> View:
        """What tells whose face it is."""
        return fitted(_AVERAGED @ self.points, ALIGNED_PLACES)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What was seen in a picture."""

    shape: tuple[int, ...]
    held: list[_Held]
    cells: NDArray[np.float32]
    """(CELLS, CELLS) mean green of the picture that was searched last"""
    least: float
    """Pixels a side below which faces did not matter"""
    tiled: float
    """When it was searched in tiles"""

    def changed(self, cells: NDArray[np.float32], held: Sequence[_Held]) -> NDArray[np.bool_]:
        """(CELLS, CELLS): which changed by themselves since the last search, but for those around faces."""
        difference = cells - self.cells
        # not when all became lighter
        apart: NDArray[np.bool_] = np.abs(difference - np.median(difference)) >= CHANGED
        if not apart.any():
            return apart
        height, width = self.shape[:2]
        steps = (np.arange(CELLS, dtype=np.float32) + 0.5) / CELLS
        for one in held:
            middle, size = (one.box[:2] + one.box[2:]) / 2, (one.box[2:] - one.box[:2]) * AROUND
            across = np.abs(steps * width - middle[0]) < size[0] / 2 + width / CELLS / 2
            down = np.abs(steps * height - middle[1]) < size[1] / 2 + height / CELLS / 2
            apart[np.ix_(down, across)] = False
        return apart


class MeshFinder:
    """Finds every face, and lays a mesh on it."""

    label = "MediaPipe BlazeFace and face mesh (opened when first used)"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._networks: _Networks | None = None

    def find(self, images: Sequence[Watched]) -> list[list[FoundFace]]:
        networks = self._opened()
        found: list[list[FoundFace]] = []
        for image, memory, least, time in images:
            before = memory.scene
            # what was left out as too small may matter now
            if not isinstance(before, _Scene) or before.shape != image.shape or least < before.least:
                before = None
            memory.scene = networks.scene(image, before, least, time)
            found.append([_found(one, image) for one in memory.scene.held])
        return found

    def _opened(self) -> "_Networks":
        with self._lock:
            if self._networks is None:
                self._networks = _Networks(_folder(self._settings))
            return self._networks


class _Networks:
    def __init__(self, folder: Path) -> None:
        self._short = _BlazeFace(folder / "face_detection_short_range.tflite", 128, ((8, 2), (16, 6)))
        self._full = _BlazeFace(folder / "face_detection_full_range_sparse.tflite", 192, ((4, 1),))
        self._mesh = _opened(folder / "face_landmark.tflite")

    def scene(self, image: Image, before: _Scene | None, matters: float, time: float) -> _Scene:
        """What is in a picture, faces largest first, without those that are far smaller than what `matters`.
        `before` is what was in the one before it."""
        least = SMALLER * matters
        cells = _cells(image)
        height, width = image.shape[:2]
        if before is None:
            tiles = _tiles(width, height, matters)
            found = self._searched(image, [], tiles, least, closely=True, surprised=True)
            return _Scene(image.shape, found, cells, matters, time)
        held: list[_Held] = []
        lost = False
        for was in before.held:
            view = was.next_view()
            now = self._lay(image, view)
            # one that was not surely a face is no reason to search the whole picture
            if was.presence >= HELD and not lost:
                lost = (
                    now is None
                    or now.presence < HELD
                    or (_far(view, now.next_view()) and not self._confirmed(image, now))
                )
            if now and now.side >= least:
                held.append(now)
        changed = before.changed(cells, held)
        cut = bool(changed.mean() >= CUT)
        # of films that a connection sends faster than they are shown, one begins before the other ended
        tiled = cut or not 0 <= time - before.tiled < SEARCHED_AFTER
        if not (lost or tiled or changed.any()):
            return replace(before, held=_sorted(held), least=matters)
        if not (lost or tiled):
            found = self._joined(image, held, changed, matters)
            return _Scene(image.shape, found, cells, matters, before.tiled)
        views = _tiles(width, height, matters) if tiled else _around(changed, width, height, matters)
        found = self._searched(image, held, views, least, closely=tiled, surprised=lost or cut)
        return _Scene(image.shape, found, cells, matters, time if tiled else before.tiled)

    def _joined(
        self, image: Image, held: Sequence[_Held], changed: NDArray[np.bool_], matters: float
    ) -> list[_Held]:
        """The faces that are held, and those of who came in where something changed. One that a detector sees
        otherwise than it is held is laid anew: after a cut a mesh may be sure of a part of somebody else."""
        height, width = image.shape[:2]
        least = SMALLER * matters
        if close := _close(changed, width, height, matters):
            proposed = _likely(self._short.proposed(image, close), least)
        else:
            views = _around(changed, width, height, matters)
            proposed = self._proposed(image, views, least, closely=False, near=False)
        return self._with(image, held, _new(proposed, held))

    def _searched(
        self,
        image: Image,
        held: Sequence[_Held],
        views: Iterable[View],
        least: float,
        *,
        closely: bool,
        surprised: bool,
    ) -> list[_Held]:
        """The faces of a picture, which `views` are looked at for besides, and crowds `closely`; and those
        held that the search passed over. Where it finds a face that is not held just so, a mesh is laid anew,
        as one that came from elsewhere may sit askew. `surprised`: nothing may be taken for granted."""
        largest = max((one.side for one in held), default=0.0)
        near = not surprised and largest >= NEAR * max(image.shape[:2])
        return self._with(image, held, _new(self._proposed(image, views, least, closely, near), held))

    def _with(self, image: Image, held: Sequence[_Held], proposed: Sequence[_Proposal]) -> list[_Held]:
        """The faces proposed, and of those that were held the ones that are none of these."""
        found = [one for proposal in proposed if (one := self._lay(image, proposal.view))]
        taken = _boxes(found)
        kept = [one for one in held if (_shared(one.box, taken) < OVERLAP).all()]
        return _sorted([*found, *kept])

    def _proposed(
        self, image: Image, views: Iterable[View], least: float, closely: bool, near: bool
    ) -> list[_Proposal]:
        """`near`: somebody near is held, and nobody else comes so near without a change that shows."""
        height, width = image.shape[:2]
        longer = max(height, width)
        whole = View(width / 2, height / 2, longer)
        found = [] if near else [*self._short.proposed(image, whole)]
        for view in (whole, *views):
            found.extend(self._full.proposed(image, view))
        if closely:
            by = (one for one in found if one.score >= CANDIDATE and one.side >= NEAR * longer)
            if not near and not any(self._lay(image, one.view) for one in by):
                for view in _squares(width, height, PART * longer):
                    found.extend(self._full.proposed(image, view))
            found.extend(self._crowded_out(image, found, least))
        return _likely(found, least)

    def _crowded_out(self, image: Image, found: Sequence[_Proposal], least: float) -> list[_Proposal]:
        """Proposals from smaller tiles: all where somebody was proposed, and their neighbours, as long as
        they bring somebody new."""
        known = _merged([one for one in found if one.side >= least])
        if len(known) < SEVERAL:
            return []
        likely = (self._lay(image, one.view) for one in known if one.score >= CANDIDATE)
        if len(list(islice((one for one in likely if one and one.presence >= HELD), SURELY))) < SURELY:
            return []
        height, width = image.shape[:2]
        crowd: list[_Proposal] = []
        for faces, which, ranged in CLOSE:
            blaze = self._short if ranged == "short" else self._full
            side = faces * max(float(np.quantile([one.side for one in known], which)), SMALLEST, least)
            tiles = _Tiles(width, height, side, overlap=1.1 / faces)
            near, before = tiles.around(known), len(known)
            while near and tiles.looked < CLOSE_MOST:
                shown = [
                    one
                    for tile in near
                    for one in blaze.proposed(image, tile)
                    if one.score >= CANDIDATE and one.side >= least
                ]
                crowd += shown
                taken = _boxes(known)
                new = [one for one in _merged(shown) if (_shared(one.box, taken) < OVERLAP).all()]
                known += new
                near = tiles.around(new)
            if len(known) == before and ranged == "short":
                break
        return crowd

    def _confirmed(self, image: Image, held: _Held) -> bool:
        """Whether the short range, looking at it closely, sees a face just where it is held."""
        view = View(held.x, held.y, held.side * CHECKED)
        return any(_agree(one, held) for one in _likely(self._short.proposed(image, view), 0.0))

    def _lay(self, image: Image, view: View) -> _Held | None:
        """The mesh in a view, laid again where it says that the face is elsewhere, and once more where it is
        not sure; None without one."""
        for attempt in range(3):
            given = _planes(seen(image, view, 192), 1 / 255, 0.0)
            points, presence = self._mesh.run(["conv2d_21", "conv2d_31"], {"input_1": given})
            placed = view.placed(points.reshape(-1, 3)[:, :2] / 192)
            sure = float(presence.reshape(-1)[0])
            if sure < 0 or not np.isfinite(placed).all():
                return None
            held = _Held.of(placed, sure)
            elsewhere = attempt == 0 and _far(view, held.next_view())
            if not elsewhere and sure >= CLEAR:
                break
            view = held.next_view()
        return held


class _Tiles:
    """Squares that cover a picture, each of which is looked at at most once."""

    def __init__(self, width: int, height: int, side: float, overlap: float) -> None:
        self._side = side
        self._across = np.array(_middles(width, side, overlap))
        self._down = np.array(_middles(height, side, overlap))
        self._seen = np.zeros((len(self._down), len(self._across)), bool)

    @property
    def looked(self) -> int:
        return int(self._seen.sum())

    def around(self, some: Sequence[_Proposal]) -> list[View]:
        """Those in which the middles of some lie, and that were not given before."""
        wanted = np.zeros_like(self._seen)
        for one in some:
            x, y = (one.box[:2] + one.box[2:]) / 2
            across, down = np.abs(self._across - x), np.abs(self._down - y)
            wanted |= np.outer(down <= self._side / 2, across <= self._side / 2)
        wanted &= ~self._seen
        self._seen |= wanted
        return [
            View(float(self._across[i]), float(self._down[j]), self._side) for j, i in np.argwhere(wanted)
        ]


class _BlazeFace:
    """One of the two detectors."""

    def __init__(self, path: Path, side: int, layers: Sequence[tuple[int, int]]) -> None:
        """`layers` are the (pixels a cell, anchors a cell) of its layers."""
        self._session = _opened(path)
        self._side = side
        given, gives = self._session.get_inputs()[0], self._session.get_outputs()
        self._given = given.name
        # points before scores, whatever they are called
        self._gives = [one.name for one in sorted(gives, key=lambda one: -one.shape[-1])]
        anchors = []
        for cell, count in layers:
            steps = (np.arange(side // cell, dtype=np.float32) + 0.5) * cell / side
            across, down = np.meshgrid(steps, steps)
            anchors.append(np.repeat(np.stack([across.ravel(), down.ravel()], 1), count, axis=0))
        self._anchors = np.concatenate(anchors)

    def proposed(self, image: Image, view: View) -> Iterator[_Proposal]:
        given = _planes(seen(image, view, self._side, black=True), 1 / 127.5, -1.0)
        points, scores = self._session.run(self._gives, {self._given: given})
        likely = 1 / (1 + np.exp(-np.clip(scores[0, :, 0], -80, 80)))
        for i in np.flatnonzero(likely >= FAINT):
            values = points[0, i].reshape(-1, 2) / self._side  # middle, size, six points
            placed = view.placed(np.concatenate([values[:1], values[2:4]]) + self._anchors[i])
            half = values[1] * view.side / 2
            eyes = placed[2] - placed[1]
            box = np.concatenate([placed[0] - half, placed[0] + half])
            yield _Proposal(float(likely[i]), box, float(np.arctan2(eyes[1], eyes[0])))


def _planes(view: Image, scale: float, shift: float) -> NDArray[np.float32]:
    """(1, 3, side, side): colour by colour, as networks compute, scaled and shifted."""
    planes = np.empty((1, 3, *view.shape[:2]), np.float32)
    for plane, channel in zip(planes[0], cv2.split(view), strict=True):
        np.multiply(channel, np.float32(scale), out=plane)
    planes += np.float32(shift)
    return planes


def _opened(path: Path) -> InferenceSession:
    return opened(onnx_of(path), name=path.name)


def _far(before: View, now: View) -> bool:
    """Whether a face is elsewhere, or of another size, than one looked."""
    moved = np.hypot(now.x - before.x, now.y - before.y) / before.side
    return bool(abs(now.side / before.side - 1) >= RESIZED or moved >= MOVED)


def _tiles(width: int, height: int, matters: float) -> Iterator[View]:
    """The tiles of a picture; none where it is small enough as a whole."""
    scale = _scale(matters)
    tiled = max(width, height) >= TILED * scale
    return _squares(width, height, TILE * scale) if tiled else iter(())


def _scale(matters: float) -> float:
    """How much smaller tiles are than for faces of the usual size."""
    return min(1.0, max(matters, SMALLEST) / USUAL)


def _squares(width: int, height: int, side: float) -> Iterator[View]:
    """Squares that cover the picture and overlap by a quarter of their side, larger ones where they were too
    many."""
    while len(across := _middles(width, side)) * len(down := _middles(height, side)) > TILES_MOST:
        side *= 1.25
    for y in down:
        for x in across:
            yield View(x, y, side)


def _close(changed: NDArray[np.bool_], width: int, height: int, matters: float) -> View | None:
    """A view of what changed and of what surrounds it, in which the short range sees all that matters; None
    if too much changed for that."""
    x, y, part = _part(changed, width, height)
    side = CLOSELY * max(matters, SMALLEST)
    return View(x, y, side) if SURROUNDED * part <= side < max(width, height) else None


def _around(changed: NDArray[np.bool_], width: int, height: int, matters: float) -> list[View]:
    """A tile where something changed, if that fits into one and the picture does not."""
    scale = _scale(matters)
    if max(width, height) < TILED * scale or not changed.any():
        return []
    x, y, part = _part(changed, width, height)
    return [View(x, y, TILE * scale)] if part <= TILE * scale else []


def _part(changed: NDArray[np.bool_], width: int, height: int) -> tuple[float, float, float]:
    """Middle and longer side of what changed, in pixels."""
    down, across = np.nonzero(changed)
    size = np.array([width, height]) / CELLS
    low = np.array([across.min(), down.min()]) * size
    high = np.array([across.max() + 1, down.max() + 1]) * size
    x, y = (low + high) / 2
    return float(x), float(y), float((high - low).max())


def _middles(length: int, side: float, overlap: float = 0.25) -> list[float]:
    if length <= side:
        return [length / 2]
    count = int(np.ceil((length - side) / (side * (1 - overlap)))) + 1
    return [float(x) for x in np.linspace(side / 2, length - side / 2, count)]


def _likely(proposals: Iterable[_Proposal], least: float) -> list[_Proposal]:
    """Those that a mesh is worth, one a face."""
    return _merged([one for one in proposals if one.score >= CANDIDATE and one.side >= least])


def _new(proposals: Sequence[_Proposal], held: Sequence[_Held]) -> list[_Proposal]:
    """Those that are not surely held just so."""
    sure = [one for one in held if one.presence >= HELD]
    return [one for one in proposals if not any(_agree(one, by) for by in sure)]


def _agree(proposal: _Proposal, held: _Held) -> bool:
    """Whether a detector sees a face just where a mesh sits."""
    turned = abs(np.angle(np.exp(1j * (proposal.turn - held.turn))))
    return bool(turned <= AGREED_TURN and _shared(held.box, _boxes([proposal]))[0] >= AGREED)


def _merged(proposals: Sequence[_Proposal]) -> list[_Proposal]:
    """One proposal a face: of those that overlap, the mean weighted by score."""
    rest = sorted(proposals, key=lambda one: -one.score)
    boxes, scores = _boxes(rest), np.array([one.score for one in rest], np.float32)
    left = np.arange(len(rest))
    merged = []
    while len(left):
        first = rest[left[0]]
        alike = _shared(first.box, boxes[left]) >= OVERLAP
        same, left = left[alike], left[~alike]
        box = (scores[same, None] * boxes[same]).sum(0) / scores[same].sum()
        merged.append(_Proposal(first.score, box, first.turn))
    return merged


def _cells(image: Image) -> NDArray[np.float32]:
    """(CELLS, CELLS): how light each part of a picture is, by a few of its pixels."""
    rows, columns = (_samples(size) for size in image.shape[:2])
    sampled = image[rows[:, np.newaxis], columns, 1].astype(np.float32)
    block = SAMPLES // CELLS
    cells: NDArray[np.float32] = sampled.reshape(CELLS, block, CELLS, block).mean((1, 3))
    return cells


@lru_cache(8)
def _samples(size: int) -> NDArray[np.intp]:
    """(SAMPLES,): rows or columns, from first to last."""
    return np.linspace(0, size - 1, SAMPLES).astype(np.intp)


def _sorted(held: Sequence[_Held]) -> list[_Held]:
    """Each face once, largest first."""
    return sorted(_apart(held), key=lambda one: -one.side)


def _apart(held: Sequence[_Held]) -> list[_Held]:
    """Without meshes a good part of which lies on a face that a surer one lies on."""
    if len(held) < 2:
        return list(held)
    surest = sorted(held, key=lambda one: -one.presence)
    boxes, kept = _boxes(surest), list[int]()
    for i, box in enumerate(boxes):
        if (_shared(box, boxes[kept], of_smaller=True) < TWICE).all():
            kept.append(i)
    return [surest[i] for i in kept]


def _boxes(some: Sequence[_Proposal | _Held]) -> NDArray[np.float32]:
    """(n, 4)"""
    return np.array([one.box for one in some], np.float32).reshape(-1, 4)


def _shared(
    one: NDArray[np.float32], others: NDArray[np.float32], of_smaller: bool = False
) -> NDArray[np.float32]:
    """(n,): intersection with each of the others over their union, or over the smaller of the two."""
    low, high = np.maximum(one[:2], others[:, :2]), np.minimum(one[2:], others[:, 2:])
    both = np.maximum(high - low, 0).prod(1)
    area, areas = (one[2:] - one[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(1)
    whole = np.minimum(area, areas) if of_smaller else area + areas - both
    found: NDArray[np.float32] = both / np.maximum(whole, 1e-6)
    return found


def _found(held: _Held, image: Image) -> FoundFace:
    """With its box within the picture."""
    height, width = image.shape[:2]
    left, top, right, bottom = np.clip(held.box, 0, [width, height, width, height]).tolist()
    probability = 1 / (1 + np.exp(-(held.presence - PRESENCE_MIDDLE) / PRESENCE_WIDTH))
    box = Box(left, top, right - left, bottom - top)
    return FoundFace(box, float(probability), held.framed(), held.aligned())


def _folder(settings: Settings) -> Path:
    """Where the networks lie; they are fetched when they are not there."""
    if folders := pulled(settings.weights, "mesh"):
        return folders[-1]
    from mien.weights.pull import known, pull  # the hub's library: half a second that is seldom needed

    log.warning("downloading the face detection networks (36 MB, of which 2 MB are kept), once")
    try:
        return pull(known("mesh", settings), settings)
    except EngineError as error:
        raise EngineMissing(f"the face detection networks could not be fetched: {error}") from error


def face_finder(settings: Settings) -> MeshFinder:
    """The networks that have been pulled, or will be at first use."""
    if settings.offline and not pulled(settings.weights, "mesh"):
        raise EngineMissing(
            "the face detection networks have not been pulled (`mien models pull mesh`),"
            " and MIEN_OFFLINE is set: nothing is fetched"
        )
    return MeshFinder(settings)
