"""The running average of a network's weights, which is what ships."""

import torch
from torch import nn

KEEP = 0.998
"""How much of the average stays at each step: it spans about an epoch."""


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, step: int) -> None:
    """Move the average of the weights a little towards the weights; at first, far."""
    keep = min(KEEP, (1 + step) / (10 + step))
    for mean, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(now, 1 - keep)
        else:
            mean.copy_(now)
