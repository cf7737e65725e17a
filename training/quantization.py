"""MXFP4 as gpt-oss stores it: blocks of 32 values of the input dimension, E2M1 with one power of two."""

import torch
from torch import Tensor

BLOCK = 32
E2M1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
BOUNDARIES = (0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0)
BIAS = 127


def mxfp4_codes(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return the codes, uint8 [..., num_blocks, 32], and the exponents, int32 [..., num_blocks].

    Of the two exponents that make sense for a block, the one with the smaller squared error is taken.
    """
    blocks = weights.detach().float().unflatten(-1, (-1, BLOCK))
    largest = blocks.abs().amax(-1).clamp(min=2.0**-40)
    exact = torch.ceil(torch.log2(largest / 6.0))  # the largest value is at most 6: nothing is cut
    candidates = [_codes(blocks, exact - shift) for shift in (0.0, 1.0)]
    errors = [
        (_values(codes, exact - shift) - blocks).square().sum(-1)
        for codes, shift in zip(candidates, (0.0, 1.0), strict=True)
    ]
    cut = errors[1] < errors[0]
    return torch.where(cut.unsqueeze(-1), candidates[1], candidates[0]), (exact - cut.float()).int()


def mxfp4_values(weights: Tensor) -> Tensor:
    """Return the weights as MXFP4 would give them back, float32."""
    codes, exponents = mxfp4_codes(weights)
    return _values(codes, exponents.float()).flatten(-2)


def mxfp4_packed(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return blocks, uint8 [..., num_blocks, 16], and scales, uint8 [..., num_blocks].

    A byte of a block has the value at the even place in its low nibble.
    """
    codes, exponents = mxfp4_codes(weights)
    return codes[..., 0::2] | (codes[..., 1::2] << 4), (exponents + BIAS).to(torch.uint8)


def _codes(blocks: Tensor, exponents: Tensor) -> Tensor:
    scaled = torch.ldexp(blocks, -exponents.unsqueeze(-1))
    magnitude = torch.bucketize(scaled.abs(), torch.tensor(BOUNDARIES))
    return (magnitude + 8 * (scaled < 0)).to(torch.uint8)


def _values(codes: Tensor, exponents: Tensor) -> Tensor:
    table = torch.tensor((*E2M1, *(-value for value in E2M1)))
    return torch.ldexp(table[codes.int()], exponents.unsqueeze(-1))
