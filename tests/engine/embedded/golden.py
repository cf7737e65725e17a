"""Logits that Hugging Face's model computed once, so that the comparison needs no torch.

tests/parity/make_golden.py writes the files. Each belongs to one scenario over a vocabulary of 128 and holds the logits
of some positions in float32, and how far Hugging Face's own bfloat16 is from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.engine.embedded.checkpoints import Tensors
from tests.engine.embedded.scenarios import SCENARIOS, Scenario

FOLDER = Path(__file__).parent / "golden"
NUM_POSITIONS = 48  # of each scenario
NAMES = (
    "chunked prefill",
    "mixed batch",
    "window edges",
    "4 layers, 8 heads a group",
    "beyond position 4096",
    "other settings",
    "sinks of -infinity",
    "one expert for all",
    "clamped gates",
)
GOLDEN_SCENARIOS = tuple(
    replace(scenario, changes={**scenario.changes, "vocab_size": 128})
    for scenario in SCENARIOS
    if scenario.name in NAMES
)


@dataclass(frozen=True, slots=True)
class Golden:
    """One file."""

    logits: NDArray[np.float32]  # [NUM_POSITIONS, vocab_size]
    bfloat16_error: float  # mean |Hugging Face's bfloat16 logit - its float32 logit| over those positions
    checksum: str  # of the checkpoint's tensors


def save(scenario: Scenario, golden: Golden) -> None:
    """Write a scenario's file."""
    np.savez_compressed(
        _path(scenario), logits=golden.logits, bfloat16_error=golden.bfloat16_error, checksum=golden.checksum
    )


def load(scenario: Scenario) -> Golden:
    """Read a scenario's file."""
    with np.load(_path(scenario)) as file:
        return Golden(file["logits"], float(file["bfloat16_error"]), str(file["checksum"]))


def select(logits: Sequence[NDArray[Any]]) -> NDArray[Any]:  # [NUM_POSITIONS, vocab_size]
    """The positions that are kept: evenly over all sequences, the last one included."""
    flat = np.concatenate(list(logits))
    return np.take(flat, np.linspace(0, len(flat) - 1, NUM_POSITIONS).astype(int), axis=0)


def checksum(tensors: Tensors) -> str:
    """Tells a changed checkpoint from a changed model."""
    digest = sha256()
    for name, tensor in tensors.items():
        digest.update(name.encode() + tensor.tobytes())
    return digest.hexdigest()


def _path(scenario: Scenario) -> Path:
    return FOLDER / (scenario.name.replace(",", "").replace(" ", "-") + ".npz")
