"""Squares of a picture, straight or turned, as networks want to see them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.types import Image

BAND = 32
"""Rows of a view that are made at once: what lies between the steps then stays in the cache of a core."""


@dataclass(frozen=True, slots=True)
class View:
    """A square around (x, y), in pixels; `turn` is how far it is turned clockwise, in radians."""

    x: float
    y: float
    side: float
    turn: float = 0.0

    def placed(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where in the picture points of the view lie. (…, 2) from 0 to 1, to pixels."""
        across = (points - 0.5) * self.side
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        x = self.x + across[..., 0] * cos - across[..., 1] * sin
        y = self.y + across[..., 0] * sin + across[..., 1] * cos
        return np.stack([x, y], -1).astype(np.float32)


def fitted(points: NDArray[np.float32], places: NDArray[np.float32]) -> View:
    """The view of the picture in which some points (n, 2) come to lie closest to some places (n, 2, from 0
    to 1), moved, turned and scaled: by least squares (Umeyama, PAMI 1991, which for two dimensions is a
    quotient of complex numbers)."""
    given, wanted = points @ (1, 1j), (places - 0.5) @ (1, 1j)
    middle, target = given.mean(), wanted.mean()
    alike = np.vdot(given - middle, wanted - target)
    side = np.sum(np.abs(given - middle) ** 2) / (alike if abs(alike) > 1e-9 else 1.0)  # turned
    at = middle - target * side
    return View(float(at.real), float(at.imag), float(abs(side)), float(np.angle(side)))


def seen(image: Image, view: View, pixels: int, black: bool = False) -> Image:
    """(pixels, pixels, 3): what lies in the view, interpolated between the four nearest pixels.

    Beyond the edge of the picture its edge goes on, or it is `black`. Each pixel lies in four bytes: the
    view is not contiguous.
    """
    height, width = image.shape[:2]
    corners = view.placed(_CORNERS) - 0.5  # the middle of pixel 0 is 0.5
    outside = black and bool((corners < -0.5).any() or (corners > (width - 0.5, height - 0.5)).any())
    left, top = np.clip(corners.min(0), 0, (width - 1, height - 1)).astype(int).tolist()
    right, bottom = np.clip(corners.max(0) + 2, 1, (width, height)).astype(int).tolist()
    part = image[top:bottom, left:right]
    flat = _whole(part).reshape(-1)

    steps = (np.arange(pixels, dtype=np.float32) + 0.5 - pixels / 2) * (view.side / pixels)
    cos, sin = float(np.cos(view.turn)), float(np.sin(view.turn))
    middle = view.x - 0.5 - left, view.y - 0.5 - top
    found = np.empty((pixels, pixels), np.uint32)
    for begin in range(0, pixels, BAND):
        across, down = steps[np.newaxis], steps[begin : begin + BAND, np.newaxis]
        x, y = middle[0] + across * cos, middle[1] + down * cos
        if view.turn:
            x, y = x - down * sin, y + across * sin
        before, after, along = _between(x, part.shape[1])
        above, below, between = _between(y, part.shape[0])
        above *= part.shape[1]
        below *= part.shape[1]
        upper = _mixed(_taken(flat, above + before), _taken(flat, above + after), along)
        lower = _mixed(_taken(flat, below + before), _taken(flat, below + after), along)
        band = (_mixed(upper, lower, between) + np.float32(0.5)).astype(np.uint8).view(np.uint32)
        if outside:
            # a product, since choosing by a mask takes longer than all the rest
            x, y = x + left, y + top
            band *= (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
        found[begin : begin + BAND] = band
    return found.view(np.uint8).reshape(pixels, pixels, 4)[..., :3]


def _whole(part: Image) -> NDArray[np.uint32]:
    """The three bytes of each pixel as one number, so that they are fetched at once."""
    four = np.empty((*part.shape[:2], 4), np.uint8)
    for channel in range(3):
        four[..., channel] = part[..., channel]
    return four.view(np.uint32)[..., 0]


Places = NDArray[np.int32]


def _between(places: NDArray[np.float32], length: int) -> tuple[Places, Places, NDArray[np.float32]]:
    """The pixels before and after some places, and how far along each of their four bytes lies."""
    inside = np.clip(places, 0, length - 1)
    before = inside.astype(np.int32)
    part = inside - before
    if part.shape[1] > 1:
        part = np.repeat(part, 4, axis=1)
    return before, np.minimum(before + 1, length - 1), part


def _taken(flat: NDArray[np.uint32], places: Places) -> NDArray[np.float32]:
    return flat.take(places).view(np.uint8).astype(np.float32)


def _mixed(
    one: NDArray[np.float32], other: NDArray[np.float32], part: NDArray[np.float32]
) -> NDArray[np.float32]:
    """So far from the one to the other; both are used up."""
    other -= one
    other *= part
    one += other
    return one


_CORNERS = np.array([(0, 0), (1, 0), (0, 1), (1, 1)], np.float32)
