"""How training faces are changed, so that the network learns what does not matter."""

import math

import torch
from torch import Tensor
from torch.nn import functional


def changed(faces: Tensor) -> Tensor:
    """(batch, 48, 48) grey, 0 to 255, each mirrored, moved, turned, scaled, lit, blurred or sharpened
    and covered at random."""
    return covered(blurred(lit(moved(faces))))


def moved(faces: Tensor) -> Tensor:
    """Mirrored half of the time; up to 15° turned, 15 % larger or smaller, 8 % aside."""
    count = len(faces)
    angle = (torch.rand(count) * 2 - 1) * math.radians(15)
    size = torch.exp((torch.rand(count) * 2 - 1) * 0.15)
    mirror = torch.where(torch.rand(count) < 0.5, 1.0, -1.0)
    cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
    shift = (torch.rand(2, count) * 2 - 1) * 0.16  # the picture is 2 wide
    rows = [torch.stack([cos * mirror, -sin, shift[0]], 1), torch.stack([sin * mirror, cos, shift[1]], 1)]
    grid = functional.affine_grid(torch.stack(rows, 1), [count, 1, *faces.shape[1:]], align_corners=False)
    return functional.grid_sample(faces[:, None], grid, padding_mode="border", align_corners=False)[:, 0]


def lit(faces: Tensor) -> Tensor:
    """Another gamma, and noise."""
    gamma = torch.exp((torch.rand(len(faces), 1, 1) * 2 - 1) * 0.4)
    noise = torch.rand(len(faces), 1, 1).pow(2) * 5
    return (faces / 255).clamp(0, 1).pow(gamma) * 255 + torch.randn_like(faces) * noise


def blurred(faces: Tensor) -> Tensor:
    """From a little sharper to a little blurred: other cameras and other ways of making small."""
    kernel = torch.tensor([0.25, 0.5, 0.25])
    soft = functional.pad(faces[:, None], (1, 1, 1, 1), mode="replicate")
    soft = functional.conv2d(soft, (kernel[:, None] * kernel)[None, None])[:, 0]
    share = torch.rand(len(faces), 1, 1) * 1.0 - 0.4
    return faces + (soft - faces) * share


def covered(faces: Tensor) -> Tensor:
    """A rectangle of grey in every fourth picture."""
    count, side = len(faces), faces.shape[1]
    size = torch.rand(2, count) * 0.3 + 0.1
    low = torch.rand(2, count) * (1 - size)
    place = (torch.arange(side) + 0.5) / side
    inside = [(place > low[k][:, None]) & (place < (low + size)[k][:, None]) for k in (0, 1)]
    hidden = inside[0][:, :, None] & inside[1][:, None, :] & (torch.rand(count, 1, 1) < 0.25)
    return torch.where(hidden, torch.rand(count, 1, 1) * 255, faces)
