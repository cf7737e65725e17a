"""Our logits against Hugging Face's GptOssForCausalLM, live, over every scenario."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ossian.engine.embedded.model_config import model_config_from_json
from tests.engine.embedded.agreement import MAX_MEAN_KL, MIN_TOP1, Agreement, agreement
from tests.engine.embedded.checkpoints import write_checkpoint
from tests.engine.embedded.model_run import ModelRun
from tests.engine.embedded.reference_model import ReferenceModel
from tests.engine.embedded.scenarios import SCENARIOS, Scenario
from tests.parity import figures
from tests.parity.hugging_face import HuggingFaceModel

pytestmark = pytest.mark.parity

EXACT_ERRORS: list[NDArray[np.float64]] = []  # of the scenarios so far, one value a position
BFLOAT16_ERRORS: list[NDArray[np.float64]] = []


@dataclass(frozen=True)
class Compared:
    """A scenario's checkpoint on disk and Hugging Face's logits."""

    scenario: Scenario
    folder: Path
    float32: list[NDArray[np.float32]]
    bfloat16: Agreement


@pytest.fixture(scope="module", params=SCENARIOS, ids=lambda scenario: scenario.name)
def compared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    torch.set_num_threads(2)
    scenario: Scenario = request.param
    tensors, sequences = scenario.tensors(), scenario.sequences()
    float32, bfloat16 = (
        [HuggingFaceModel(scenario.config, tensors, dtype).forward(sequence) for sequence in sequences]
        for dtype in (torch.float32, torch.bfloat16)
    )
    folder = write_checkpoint(tmp_path_factory.mktemp("model"), scenario.config, tensors)
    spread = agreement(float32, bfloat16)
    figures.add(scenario.name, "torch bfloat16", spread)
    return Compared(scenario, folder, float32, spread)


def ours(compared: Compared, mode: str, **settings: Any) -> Agreement:
    run = ModelRun(compared.folder, **settings)
    logits = run.logits(compared.scenario.sequences(), compared.scenario.steps())
    found = agreement(compared.float32, logits)
    figures.add("", mode, found)
    return found


def test_exact_mode_is_within_the_spread_of_bfloat16_and_float32(compared: Compared) -> None:
    found = ours(compared, "exact", precision="exact")
    assert found.mean_error <= compared.bfloat16.mean_error
    EXACT_ERRORS.append(found.errors)
    BFLOAT16_ERRORS.append(compared.bfloat16.errors)


@pytest.mark.parametrize("dense_format, kv_cache_dtype", [("int8", "int16"), ("bf16", "int16"), ("int8", "int8")])
def test_default_mode_gives_nearly_the_same_distribution(
    compared: Compared, dense_format: str, kv_cache_dtype: str
) -> None:
    mode = f"default, {dense_format} dense, {kv_cache_dtype} KV"
    found = ours(compared, mode, dense_format=dense_format, kv_cache_dtype=kv_cache_dtype)
    assert found.mean_kl <= MAX_MEAN_KL
    assert found.top1 >= MIN_TOP1


def test_the_float64_reference_is_hugging_faces_float32(compared: Compared) -> None:
    if max(compared.scenario.lens) > 1000:
        pytest.skip("the reference keeps all pairs of positions in float64; shorter scenarios compare it")
    reference = ReferenceModel(model_config_from_json(compared.scenario.config), compared.scenario.tensors())
    logits = [reference.forward(sequence) for sequence in compared.scenario.sequences()]
    assert agreement(compared.float32, logits).worst_error < 1e-4


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.99, 0.999])
def test_exact_mode_is_within_the_spread_at_single_positions_too(quantile: float) -> None:
    """Over all scenarios: where a router's choice is close, one position of one scenario can go either way."""
    assert len(EXACT_ERRORS) == len(SCENARIOS)
    exact, bfloat16 = (np.quantile(np.concatenate(errors), quantile) for errors in (EXACT_ERRORS, BFLOAT16_ERRORS))
    assert exact <= bfloat16
