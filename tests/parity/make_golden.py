"""Write the golden logits of tests/engine/embedded/test_golden_logits.py.

Run it like the parity suite (see README.md here): python -m tests.parity.make_golden
"""

import torch

from tests.engine.embedded.agreement import agreement
from tests.engine.embedded.golden import FOLDER, GOLDEN_SCENARIOS, Golden, checksum, save, select
from tests.engine.embedded.scenarios import Scenario
from tests.parity.hugging_face import HuggingFaceModel


def golden(scenario: Scenario) -> Golden:
    """Compute one scenario in both precisions."""
    tensors, sequences = scenario.tensors(), scenario.sequences()
    float32, bfloat16 = (
        select([HuggingFaceModel(scenario.config, tensors, dtype).forward(sequence) for sequence in sequences])
        for dtype in (torch.float32, torch.bfloat16)
    )
    error = agreement([float32], [bfloat16]).mean_error
    return Golden(float32, error, checksum(tensors))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in GOLDEN_SCENARIOS:
        save(each, golden(each))
