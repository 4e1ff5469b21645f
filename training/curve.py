"""One curve for many names, by which what a network says becomes as high as raters' shares."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor, nn

Logits = NDArray[np.floating]

BEGINS = (0.0, 1.5, 3.0)
"""Where the search for a curve begins: it flattens from logits above minus these."""


class Curve(nn.Module):
    """Logits, stretched and shifted, and flattened where they are high, by one curve or by one a name. One
    changes no order."""

    def __init__(self, by: Logits) -> None:
        super().__init__()
        self.register_buffer("by", torch.from_numpy(by.astype(np.float32)))  # (4,) or (4, names)

    def forward(self, logits: Tensor) -> Tensor:
        stretch, shift, flat, begins = self.by
        return logits * stretch + shift - flat * nn.functional.softplus(logits + begins)


def fitted(logits: Logits, shares: Logits) -> Curve:
    """The curve with the least cross entropy of `shares`, both (pieces, names)."""

    def loss(by: Logits) -> float:
        moved = by[0] * logits + by[1] - by[2] * np.logaddexp(0, logits + by[3])
        return float((np.logaddexp(0, moved) - shares * moved).sum())

    fits = [minimize(loss, (1.1, 0.5, 0.3, begins), method="Nelder-Mead") for begins in BEGINS]
    return Curve(min(fits, key=lambda fit: float(fit.fun)).x)
