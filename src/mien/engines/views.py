"""Squares of a picture, straight or turned, as networks want to see them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.types import Image


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

    Beyond the edge of the picture its edge goes on, or it is `black`.
    """
    height, width = image.shape[:2]
    steps = (np.arange(pixels, dtype=np.float32) + 0.5) / pixels
    if view.turn:
        places = view.placed(np.stack(np.meshgrid(steps, steps), -1)) - 0.5  # the middle of pixel 0 is 0.5
        x, y = places[..., 0], places[..., 1]
    else:
        straight = view.placed(np.stack([steps, steps], -1)) - 0.5
        x, y = straight[np.newaxis, :, 0], straight[:, np.newaxis, 1]
    left, right, across = _between(x, width)
    top, bottom, down = _between(y, height)
    flat = image.reshape(-1, 3)
    values = _mixed(flat, top * width, left, right, across)
    lower = _mixed(flat, bottom * width, left, right, across)
    lower -= values
    lower *= down[..., np.newaxis]
    values += lower
    if black:
        values[(x < -0.5) | (x > width - 0.5) | (y < -0.5) | (y > height - 0.5)] = 0
    values += 0.5
    return values.astype(np.uint8)


Places = NDArray[np.int32]


def _between(places: NDArray[np.float32], length: int) -> tuple[Places, Places, NDArray[np.float32]]:
    """The pixels before and after some places, and how far along these lie between them."""
    inside = np.clip(places, 0, length - 1)
    before = inside.astype(np.int32)
    return before, np.minimum(before + 1, length - 1), inside - before


def _mixed(
    flat: Image, rows: Places, left: Places, right: Places, across: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Between the pixels to the left and to the right, in rows that begin at `rows`."""
    values = np.take(flat, rows + left, axis=0).astype(np.float32)
    other = np.take(flat, rows + right, axis=0).astype(np.float32)
    other -= values
    other *= across[..., np.newaxis]
    values += other
    return values
