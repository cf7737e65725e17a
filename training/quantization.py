"""MXFP4 as gpt-oss stores it: blocks of 32 values of the input dimension, E2M1 with one power of two."""

import torch
from torch import Tensor

BLOCK = 32
E2M1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
BIAS = 127
COMPILED = ("mxfp4_values",)


def mxfp4_values(weights: Tensor) -> Tensor:
    """Return the weights as MXFP4 would give them back, float32."""
    scaled, exponents = _scaled(weights)
    return (_rounded(scaled) * torch.exp2(exponents)).flatten(-2)


def mxfp4_packed(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return blocks, uint8 [..., num_blocks, 16], and scales, uint8 [..., num_blocks].

    A byte of a block has the value at the even place in its low nibble.
    """
    scaled, exponents = _scaled(weights)
    magnitude = torch.bucketize(_rounded(scaled).abs(), torch.tensor(E2M1))
    codes = (magnitude + 8 * (scaled < 0)).to(torch.uint8)
    return codes[..., 0::2] | (codes[..., 1::2] << 4), (exponents.squeeze(-1).int() + BIAS).to(torch.uint8)


def mxfp4_unpacked(blocks: Tensor, scales: Tensor) -> Tensor:
    """Return the values of what mxfp4_packed returned, float32 [..., num_blocks * 32]."""
    codes = torch.stack((blocks & 15, blocks >> 4), -1).flatten(-2).int()
    table = torch.tensor((*E2M1, *(-value for value in E2M1)))
    return (table[codes] * torch.exp2(scales.float() - BIAS).unsqueeze(-1)).flatten(-2)


def _scaled(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return what is rounded, [..., num_blocks, 32], at most 6 or cut to it, and the exponents [..., num_blocks, 1].

    Of the two exponents that make sense for a block, the one with the smaller squared error is taken.
    """
    blocks = weights.detach().float().unflatten(-1, (-1, BLOCK))
    largest = blocks.abs().amax(-1, keepdim=True).clamp(min=2.0**-40)
    exact = torch.ceil(torch.log2(largest / 6.0))  # the largest value is at most 6: nothing is cut
    errors = []
    for exponents in (exact, exact - 1):
        scale = torch.exp2(exponents)
        errors.append((_rounded(blocks / scale) * scale - blocks).square().sum(-1, keepdim=True))
    chosen = exact - (errors[1] < errors[0]).float()
    return blocks / torch.exp2(chosen), chosen


def _rounded(scaled: Tensor) -> Tensor:
    """Return the nearest value of E2M1, the smaller one of two that are as near."""
    magnitude = scaled.abs().clamp(max=E2M1[-1])
    step = torch.where(magnitude < 2, 0.5, torch.where(magnitude < 4, 1.0, 2.0))
    return torch.copysign(torch.ceil(magnitude / step - 0.5) * step, scaled)
