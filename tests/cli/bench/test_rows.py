import numpy as np
import pytest

from ossian.cli.bench.cases import Case, Decode, FirstToken, Output, Prefill
from ossian.cli.bench.machine import Roofs
from ossian.cli.bench.profiles import KernelTime, Profile
from ossian.cli.bench.rows import Comparison, Ratio, Row
from ossian.cli.bench.session import Session
from ossian.cli.bench.work import Work
from ossian.engine.embedded.model_config import LayerType, ModelConfig

LAYERS: tuple[LayerType, ...] = ("sliding_attention", "full_attention") * 12
WORK = Work(ModelConfig(num_hidden_layers=24, num_local_experts=32, layer_types=LAYERS), np.int16)
SMALL = Work(ModelConfig(num_hidden_layers=2, num_local_experts=32, layer_types=LAYERS[:2]), np.int16)
ROOFS = Roofs(read_bandwidth=50e9, int8_peak=1e12)


def compared(values: dict[str, list[float]], work: Work = WORK) -> Comparison:
    return Comparison(work, values, {name: [ROOFS] * len(figures) for name, figures in values.items()})


def ratios(case: Case, values: dict[str, list[float]], work: Work = WORK) -> dict[str, Ratio]:
    return {ratio.of: ratio for ratio in compared(values, work).row(case).ratios}


def test_a_row_has_the_median_and_all_values() -> None:
    row = compared({"prefill 512": [90.0, 200.0, 100.0]}).row(Prefill(512))
    assert (row.name, row.unit, row.median, row.values) == ("prefill 512", "tok/s", 100.0, (90.0, 200.0, 100.0))


def test_a_prefill_is_compared_with_the_int8_peak_and_with_512_tokens() -> None:
    values = {"prefill 512": [200.0], "prefill 2048": [170.0]}
    assert ratios(Prefill(512), values)["int8 peak"].value == 200 * WORK.macs_per_prompt_token / 1e12
    longer = ratios(Prefill(2048), values)
    assert longer["prefill 512"].value == 170 / 200
    assert longer["prefill 512"].is_met is False
    assert "prefill 512" not in ratios(Prefill(512), values)


def test_a_decode_is_compared_with_the_read_bandwidth() -> None:
    (ratio,) = ratios(Decode(), {"decode": [19.0]}).values()
    assert ratio.of == "read bandwidth"
    assert ratio.value == 19 * WORK.step_bytes(1, 32 + 16) / 50e9
    assert ratio.is_met is (ratio.value >= 0.95)


def test_streams_together_are_compared_with_one() -> None:
    found = ratios(Decode(4), {"decode": [16.0], "decode x4": [40.0]})
    assert found["decode"].value == pytest.approx(2.5)
    assert found["decode"].at_least == 2.0
    assert found["decode"].is_met
    assert found["read bandwidth"].value == 10 * WORK.step_bytes(4, 48) / 50e9


def test_a_deep_decode_is_compared_by_tokens_and_by_bytes() -> None:
    found = ratios(Decode(depth=8192), {"decode": [16.0], "decode at 8192": [14.0]})
    assert found["decode"].value == pytest.approx(14 / 16)
    by_bytes = found["decode, bytes a second"]
    assert by_bytes.value == pytest.approx(14 / 16 * WORK.step_bytes(1, 8192 + 48) / WORK.step_bytes(1, 48))
    assert by_bytes.value > 14 / 16
    assert by_bytes.at_least == 0.92


def test_deep_streams_are_compared_with_as_many_short_ones() -> None:
    found = ratios(Decode(8, depth=2048), {"decode": [16.0], "decode x8": [40.0], "decode x8 at 2048": [30.0]})
    assert found["decode x8"].value == 30 / 40
    assert "decode" not in found


def test_a_first_token_is_compared_with_the_same_work() -> None:
    values = {"first token, turn after a turn": [1.08], "first token, the same work": [1.0]}
    found = ratios(FirstToken("turn after a turn"), values)
    assert found["the same work"] == Ratio("the same work", 1.08, at_most=1.1)
    assert found["the same work"].is_met
    assert ratios(FirstToken("the same work"), values) == {}


def test_speculation_is_compared_with_the_same_text_without() -> None:
    values = {"copied text": [10.0], "copied text, speculation": [20.0]}
    found = ratios(Output("copied", speculates=True), values)
    assert found == {"copied text": Ratio("copied text", 2.0, at_least=1.8)}
    assert ratios(Output("copied"), values) == {}


def test_a_ratio_is_the_median_of_those_of_each_repeat() -> None:
    found = ratios(Decode(4), {"decode": [10.0, 20.0, 12.0], "decode x4": [20.0, 60.0, 30.0]})
    assert found["decode"].value == 2.5


def test_a_repeat_is_compared_with_the_roofs_of_its_time() -> None:
    roofs = [Roofs(read_bandwidth=50e9, int8_peak=factor * 1e12) for factor in (1.0, 0.5, 1.0)]
    row = Comparison(WORK, {"prefill 512": [200.0, 100.0, 150.0]}, {"prefill 512": roofs}).row(Prefill(512))
    assert row.ratios[0].value == pytest.approx(200 * WORK.macs_per_prompt_token / 1e12)


def test_what_is_compared_is_held_against_the_roofs_first() -> None:
    values = {"decode": [16.0], "decode at 8192": [14.0]}
    roofs = {"decode": [Roofs(50e9, 1e12)], "decode at 8192": [Roofs(40e9, 1e12)]}
    deep = {ratio.of: ratio for ratio in Comparison(WORK, values, roofs).row(Decode(depth=8192)).ratios}
    same = ratios(Decode(depth=8192), values)
    for name in ("decode", "decode, bytes a second"):
        assert deep[name].value == pytest.approx(same[name].value * 50 / 40)


def test_what_was_not_measured_is_not_compared_with() -> None:
    assert set(ratios(Prefill(2048), {"prefill 2048": [170.0]})) == {"int8 peak"}
    assert set(ratios(Decode(4), {"decode x4": [40.0]})) == {"read bandwidth"}


def test_other_shapes_have_no_targets() -> None:
    (ratio,) = ratios(Prefill(512), {"prefill 512": [200.0]}, SMALL).values()
    assert (ratio.target, ratio.is_met) == ("", None)


def test_loading_and_memory_have_their_limits() -> None:
    comparison = Comparison(WORK, {})
    assert comparison.load_row("load, first", 12.0) == Row(
        "load, first", "s", (12.0,), (Ratio("15 s", 0.8, at_most=1.0),)
    )
    assert comparison.load_row("load", 12.0).ratios == ()
    (resident,) = comparison.session_rows(Session(load_seconds=12.0, resident_bytes=13_500_000_000))
    assert (resident.median, resident.unit) == (13.5, "GB")
    assert resident.ratios[0].is_met is False


def test_a_profile_is_rows_of_milliseconds_with_shares() -> None:
    made = Profile("decode", 0.060, (KernelTime("moe", 24, 0.040), KernelTime("embed", 1, 0.0195)))
    _, step, moe, embed, python = Comparison(WORK, {}).session_rows(Session(1.0, 1, profiles=(made,)))
    assert (step.name, step.median, step.unit, step.ratios) == ("profile decode, step", 60.0, "ms", ())
    assert [(ratio.of, ratio.target) for ratio in moe.ratios] == [("step", "")]
    assert moe.ratios[0].value == pytest.approx(2 / 3)
    assert embed.median == 19.5
    assert python.name == "profile decode, Python"
    assert python.ratios[0].value == pytest.approx(0.0005 / 0.060)
    assert python.ratios[0].at_most == 0.02


@pytest.mark.parametrize(
    "ratio, target, is_met",
    [
        (Ratio("x", 1.0), "", None),
        (Ratio("x", 1.0, at_least=1.0), ">= 1", True),
        (Ratio("x", 0.9, at_least=1.0), ">= 1", False),
        (Ratio("x", 1.0, at_most=0.5), "<= 0.5", False),
        (Ratio("x", 0.5, at_most=0.5), "<= 0.5", True),
    ],
)
def test_a_target_is_met_or_not(ratio: Ratio, target: str, is_met: bool | None) -> None:
    assert (ratio.target, ratio.is_met) == (target, is_met)


def test_a_row_as_json() -> None:
    row = Row("decode", "tok/s", (16.0, 18.0), (Ratio("read bandwidth", 0.9, at_least=0.95),))
    assert row.to_json() == {
        "name": "decode",
        "unit": "tok/s",
        "median": 17.0,
        "values": [16.0, 18.0],
        "ratios": [{"of": "read bandwidth", "value": 0.9, "target": ">= 0.95", "is_met": False}],
    }
