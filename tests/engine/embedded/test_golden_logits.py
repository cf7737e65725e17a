"""Parity with Hugging Face's model, from committed logits; tests/parity compares live and on more scenarios."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine.embedded.agreement import MAX_MEAN_KL, MIN_TOP1, agreement
from tests.engine.embedded.checkpoints import write_checkpoint
from tests.engine.embedded.golden import GOLDEN_SCENARIOS, NAMES, checksum, load, select
from tests.engine.embedded.model_run import ModelRun
from tests.engine.embedded.scenarios import Scenario

each_scenario = pytest.mark.parametrize("scenario", GOLDEN_SCENARIOS, ids=lambda scenario: scenario.name)


OurLogits: TypeAlias = Callable[[Scenario, str], NDArray[np.float32]]


@pytest.fixture(scope="module")
def our_logits(tmp_path_factory: pytest.TempPathFactory) -> OurLogits:
    """Our logits of a scenario in a precision, computed once."""
    known: dict[tuple[str, str], NDArray[np.float32]] = {}

    def compute(scenario: Scenario, precision: str) -> NDArray[np.float32]:
        key = scenario.name, precision
        if key not in known:
            folder = write_checkpoint(tmp_path_factory.mktemp("model"), scenario.config, scenario.tensors())
            run = ModelRun(folder, precision=precision)
            known[key] = select(run.logits(scenario.sequences(), scenario.steps()))
        return known[key]

    return compute


def test_every_name_is_a_scenario() -> None:
    assert sorted(scenario.name for scenario in GOLDEN_SCENARIOS) == sorted(NAMES)


@each_scenario
def test_the_checkpoint_is_the_one_the_golden_logits_are_of(scenario: Scenario) -> None:
    assert checksum(scenario.tensors()) == load(scenario).checksum, "run tests/parity/make_golden.py again"


@each_scenario
def test_exact_logits_are_nearer_to_float32_than_bfloat16_is(our_logits: OurLogits, scenario: Scenario) -> None:
    golden = load(scenario)
    figures = agreement([golden.logits], [our_logits(scenario, "exact")])
    assert figures.mean_error <= golden.bfloat16_error


@each_scenario
def test_default_logits_give_nearly_the_same_distribution(our_logits: OurLogits, scenario: Scenario) -> None:
    figures = agreement([load(scenario).logits], [our_logits(scenario, "default")])
    assert figures.mean_kl <= MAX_MEAN_KL


def test_default_logits_nearly_always_agree_on_the_most_likely_token(our_logits: OurLogits) -> None:
    ours = [our_logits(scenario, "default") for scenario in GOLDEN_SCENARIOS]
    assert agreement([load(scenario).logits for scenario in GOLDEN_SCENARIOS], ours).top1 >= MIN_TOP1
