from pathlib import Path

import numpy as np
import pytest

from ossian.cli.bench.cases import Decode, Prefill
from ossian.cli.bench.profiles import Call, profile, profiles, steps_profile, timed_kernels
from ossian.cli.bench.runs import Asker
from ossian.engine.embedded import kernels
from ossian.engine.registry import create_engine
from ossian.settings import EngineSettings
from tests.engine.embedded.checkpoints import tiny_config, write_checkpoint
from tests.engine.embedded.doubles import running


def test_calls_of_a_kernel_are_added_up() -> None:
    calls = [Call("embed", 0, 1), Call("moe", 1, 3), Call("moe", 4, 7)]
    made = profile("prefill 8", calls, 0, 10, num_steps=1)
    assert [(each.label, each.num_calls, each.seconds) for each in made.kernels] == [("moe", 2, 5), ("embed", 1, 1)]
    assert made.seconds == 10
    assert made.python == 4


def test_a_profile_of_steps_leaves_out_the_first_and_the_last() -> None:
    prompt = [Call("embed", 0, 50), Call("moe", 50, 90)]
    steps = [
        call
        for start in (100, 110, 120)
        for call in (Call("embed", start, start + 1), Call("moe", start + 2, start + 7))
    ]
    made = steps_profile("decode", [*prompt, *steps], 1, 3)
    assert made.seconds == 10
    assert [(each.label, each.num_calls, each.seconds) for each in made.kernels] == [("moe", 1, 5), ("embed", 1, 1)]
    assert made.python == 4


def test_kernels_are_timed_only_meanwhile() -> None:
    x, weight, out = np.ones((2, 64), np.float32), np.ones(64, np.float32), np.empty((2, 64), np.float32)
    original = kernels.rms_norm
    with timed_kernels() as calls:
        kernels.rms_norm(x, weight, 1e-5, out)
    kernels.rms_norm(x, weight, 1e-5, out)
    assert [call.label for call in calls] == ["rms_norm"]
    assert calls[0].start <= calls[0].end
    assert kernels.rms_norm is original


def test_a_kernel_that_fails_is_put_back_as_well() -> None:
    original = kernels.embed
    with pytest.raises(TypeError), timed_kernels():
        kernels.embed(None, 0, 0, None, None)  # type: ignore[arg-type]  # wrong on purpose
    assert kernels.embed is original


async def test_profiles_of_a_model_account_for_the_whole_time(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "tiny", tiny_config(layer_types=["sliding_attention", "full_attention"]))
    settings = EngineSettings(kv_cache_bytes=4_000_000, speculation="off")
    async with running(create_engine(checkpoint, settings, "tiny")) as engine:
        cases = (Prefill(64), Prefill(64, depth=100), Decode(), Decode(4))
        prefill, deep, decode, together = await profiles(Asker(engine), cases)
    for made in (prefill, deep, decode, together):
        assert made.seconds == pytest.approx(made.python + sum(each.seconds for each in made.kernels))
        assert made.python > 0
        assert [each.seconds for each in made.kernels] == sorted((each.seconds for each in made.kernels), reverse=True)
    for made in (decode, together):
        num_calls = {each.label: each.num_calls for each in made.kernels}
        assert num_calls["embed"] == num_calls["sample"] == 1
        assert num_calls["linear 512x64"] == 1  # lm_head
    assert [each.name for each in (prefill, deep, decode, together)] == [case.name for case in cases]


async def test_the_layers_kinds_of_attention_are_told_apart(tmp_path: Path) -> None:
    layer_types = ["sliding_attention", "full_attention", "full_attention"]
    config = tiny_config(num_hidden_layers=3, layer_types=layer_types)
    checkpoint = write_checkpoint(tmp_path / "tiny", config)
    settings = EngineSettings(kv_cache_bytes=4_000_000, speculation="off")
    async with running(create_engine(checkpoint, settings, "tiny")) as engine:
        (decode,) = await profiles(Asker(engine), [Decode()])
    num_calls = {each.label: each.num_calls for each in decode.kernels}
    assert num_calls["paged_attention, sliding"] == 1
    assert num_calls["paged_attention, full"] == 2
