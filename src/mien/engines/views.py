"""Squares of a picture, straight or turned, as networks want to see them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.types import Image

NOWHERE = 1e30
"""From here on, as with what is no number, a view is of nothing: its corners could not be told."""

DENSE = 4
"""Pixels of the picture between two of the view that are enough: of a picture with twice as many, only
every second is taken, and so on. A view of a whole picture would copy all of it several times."""


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

    Beyond the edge of the picture its edge goes on, or all is `black`; so is a view that lies nowhere.
    """
    if not all(abs(value) < NOWHERE for value in (view.x, view.y, view.side, view.turn)):
        return np.zeros((pixels, pixels, 3), np.uint8)
    if (every := int(view.side / pixels / DENSE)) > 1:
        x, y = (view.x - 0.5) / every + 0.5, (view.y - 0.5) / every + 0.5
        return seen(image[::every, ::every], View(x, y, view.side / every, view.turn), pixels, black)
    import cv2  # a tenth of a second that only faces need

    height, width = image.shape[:2]
    cos, sin, half = math.cos(view.turn), math.sin(view.turn), view.side / 2
    reach = half * (abs(cos) + abs(sin))
    left, right = _span(view.x, reach, width)
    top, bottom = _span(view.y, reach, height)
    part = image[top:bottom, left:right]
    across, down = view.side / pixels * cos, view.side / pixels * sin
    # OpenCV counts from the middle of the first pixel
    x = view.x - half * (cos - sin) - left + (across - down - 1) / 2
    y = view.y - half * (cos + sin) - top + (across + down - 1) / 2
    drawn = cv2.warpAffine(
        part,
        np.array([[across, -down, x], [down, across, y]]),
        (pixels, pixels),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT if black else cv2.BORDER_REPLICATE,
    )
    return np.asarray(drawn, np.uint8)


def _span(middle: float, reach: float, most: int) -> tuple[int, int]:
    """The first and the end of the columns or rows that are needed; one at least."""
    low, high = (min(max(at, -1.0), most + 1.0) for at in (middle - reach, middle + reach))
    first = min(max(math.floor(low) - 1, 0), most - 1)
    return first, min(max(math.ceil(high) + 1, first + 1), most)
