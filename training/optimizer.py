"""Muon for matrices, Adam for everything else.

Muon follows Keller Jordan's description: momentum, made orthogonal by five Newton-Schulz steps. The step is scaled so
that its size matches Adam's (Liu et al. 2025, "Muon is scalable for LLM training").
"""

import math
from typing import Any

import torch
from torch import Tensor

WEIGHT_DECAY = 0.1
MAX_QUERY_KEY = 0.1  # bound of the root mean square: attention that saturates learns no more
MUON = ("q_proj.weight", "k_proj.weight", "v_proj.weight", "o_proj.weight", "gate_proj", "up_proj", "down_proj")
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(matrices: Tensor) -> Tensor:
    """Return the matrices [..., rows, columns] with all singular values near 1."""
    a, b, c = COEFFICIENTS
    x = matrices.bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    is_tall = x.shape[-2] > x.shape[-1]
    x = x.mT if is_tall else x
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if is_tall else x).float()


class Optimizer:
    """One state for each parameter; `is_matrix` chooses Muon."""

    def __init__(self, parameters: dict[str, Tensor]) -> None:
        self.parameters = parameters
        self.first = {name: torch.zeros_like(value) for name, value in parameters.items()}
        self.second = {name: torch.zeros_like(value) for name, value in parameters.items() if not is_matrix(name)}
        self.num_steps = 0

    def step(self, name: str, gradient: Tensor, scale: float) -> None:
        """Move one parameter; `scale` is the schedule's factor of the learning rates."""
        value = self.parameters[name]
        if is_matrix(name):
            self._muon(name, value, gradient, scale * 0.004)
        else:
            self._adam(name, value, gradient, scale * rate(name))

    def _muon(self, name: str, value: Tensor, gradient: Tensor, learning_rate: float) -> None:
        momentum = self.first[name].mul_(0.95).add_(gradient, alpha=0.05)
        update = orthogonal(gradient.lerp(momentum, 0.95))
        value.mul_(1 - learning_rate * WEIGHT_DECAY)
        value.add_(update, alpha=-learning_rate * 0.2 * math.sqrt(max(value.shape[-2:])))
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            value.mul_((MAX_QUERY_KEY / value.square().mean().sqrt()).clamp(max=1.0))

    def _adam(self, name: str, value: Tensor, gradient: Tensor, learning_rate: float) -> None:
        first = self.first[name].lerp_(gradient, 0.1)
        second = self.second[name].lerp_(gradient.square(), 0.02)
        unbiased = (second / (1 - 0.98**self.num_steps)).sqrt_().add_(1e-10)
        value.addcdiv_(first / (1 - 0.9**self.num_steps), unbiased, value=-learning_rate)

    def state(self) -> dict[str, object]:
        """All that is needed to go on later."""
        return {"first": self.first, "second": self.second, "num_steps": self.num_steps}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a saved state; parameters that are new keep theirs."""
        self.first.update(state["first"])
        self.second.update(state["second"])
        self.num_steps = state["num_steps"]


def is_matrix(name: str) -> bool:
    """Whether Muon trains this parameter."""
    return name.endswith(MUON)


def rate(name: str) -> float:
    """Adam's learning rate."""
    return {"embed_tokens.rows": 0.006, "lm_head.rows": 0.003}.get(name, 0.001)
