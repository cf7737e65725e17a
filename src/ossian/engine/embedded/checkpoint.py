"""A gpt-oss checkpoint in Hugging Face's layout: every tensor it must have, found, checked and mapped.

The two tables below are the only list of tensor names. What the bytes of a safetensors file mean is shard.py's
knowledge; what is computed with the tensors is model.py's.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ossian.engine.embedded.model_config import ModelConfig, load_model_config, read_json
from ossian.engine.embedded.shard import Shard, TensorEntry
from ossian.errors import CheckpointError

MODEL_TENSORS = {
    "model.embed_tokens.weight": "BF16 vocab_size hidden_size",
    "model.norm.weight": "BF16 hidden_size",
    "lm_head.weight": "BF16 vocab_size hidden_size",
}
LAYER_TENSORS = {  # each behind "model.layers.N."
    "input_layernorm.weight": "BF16 hidden_size",
    "self_attn.q_proj.weight": "BF16 q_size hidden_size",
    "self_attn.q_proj.bias": "BF16 q_size",
    "self_attn.k_proj.weight": "BF16 kv_size hidden_size",
    "self_attn.k_proj.bias": "BF16 kv_size",
    "self_attn.v_proj.weight": "BF16 kv_size hidden_size",
    "self_attn.v_proj.bias": "BF16 kv_size",
    "self_attn.o_proj.weight": "BF16 hidden_size q_size",
    "self_attn.o_proj.bias": "BF16 hidden_size",
    "self_attn.sinks": "BF16 num_attention_heads",
    "post_attention_layernorm.weight": "BF16 hidden_size",
    "mlp.router.weight": "BF16 num_local_experts hidden_size",
    "mlp.router.bias": "BF16 num_local_experts",
    "mlp.experts.gate_up_proj_blocks": "U8 num_local_experts gate_up_size hidden_size/32 16",
    "mlp.experts.gate_up_proj_scales": "U8 num_local_experts gate_up_size hidden_size/32",
    "mlp.experts.gate_up_proj_bias": "BF16 num_local_experts gate_up_size",
    "mlp.experts.down_proj_blocks": "U8 num_local_experts hidden_size intermediate_size/32 16",
    "mlp.experts.down_proj_scales": "U8 num_local_experts hidden_size intermediate_size/32",
    "mlp.experts.down_proj_bias": "BF16 num_local_experts hidden_size",
}

INDEX_NAME = "model.safetensors.index.json"
SINGLE_NAME = "model.safetensors"


@dataclass(frozen=True, slots=True)
class CheckpointReport:
    """What `ossian models verify` found. Without problems, the checkpoint can be served."""

    path: Path
    config: ModelConfig | None  # None when config.json itself is the problem
    num_tensors: int
    num_bytes: int  # of tensors that were found
    problems: tuple[str, ...]


class Checkpoint:
    """An open checkpoint, complete and well-shaped.

    Raises CheckpointError when it is not; the message gives the first problem and counts the others.
    """

    def __init__(self, path: Path) -> None:
        report, shards = _inspect(path)
        if report.problems:
            raise _summary(report)
        assert report.config is not None
        self.path = path
        self.config = report.config
        self.num_bytes = report.num_bytes
        self._shards = shards  # tensor name -> the shard that holds it

    def tensor(self, name: str) -> NDArray[Any]:
        """A read-only view of the mapped file: BF16 as uint16, U8 as uint8."""
        return self._shards[name].view(name)

    def place(self, name: str) -> tuple[int, int]:
        """The file that holds a tensor, open as long as this checkpoint lives, and the byte where the tensor begins."""
        return self._shards[name].place(name)

    def shape(self, name: str) -> tuple[int, ...]:
        return self._shards[name].entries[name].shape

    def drop_pages(self, name: str) -> None:
        """Give back the memory of a tensor that is not read again soon."""
        self._shards[name].drop_pages(name)

    def forget(self, name: str) -> None:
        """Give back the memory of a tensor, the system's page cache of it included."""
        self._shards[name].forget(name)


def verify(path: Path) -> CheckpointReport:
    """Check a checkpoint's settings and every tensor's name, dtype, shape and place; never raises CheckpointError."""
    return _inspect(path)[0]


def expected_tensors(config: ModelConfig) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Every tensor of a model: name, dtype, shape."""
    layers = (
        (f"model.layers.{layer}.{name}", spec)
        for layer in range(config.num_hidden_layers)
        for name, spec in LAYER_TENSORS.items()
    )
    for name, spec in itertools.chain(MODEL_TENSORS.items(), layers):
        dtype, *dims = spec.split()
        yield name, dtype, tuple(_dim(config, dim) for dim in dims)


def _dim(config: ModelConfig, dim: str) -> int:
    """Evaluate one word of a table: "16", "hidden_size", "hidden_size/32"."""
    if dim == "gate_up_size":
        return 2 * config.intermediate_size
    name, _, divisor = dim.partition("/")
    size = int(name) if name.isdigit() else int(getattr(config, name))
    return size // int(divisor or 1)


def _summary(report: CheckpointReport) -> CheckpointError:
    first, *others = report.problems
    more = f" ({len(others)} more; `ossian models verify {report.path}` lists them all)" if others else ""
    return CheckpointError(first + more)


def _inspect(path: Path) -> tuple[CheckpointReport, dict[str, Shard]]:
    config = None
    try:
        config = load_model_config(path)
        weight_map = _read_index(path)
    except CheckpointError as error:
        return CheckpointReport(path, config, 0, 0, (str(error),)), {}
    shards, problems = _open_shards(path, weight_map)
    problems += _place_problems(weight_map, shards)
    located = {
        name: shards[file] for name, file in weight_map.items() if file in shards and name in shards[file].entries
    }
    problems += _tensor_problems(config, weight_map, located)
    num_bytes = sum(shard.entries[name].nbytes for name, shard in located.items())
    return CheckpointReport(path, config, len(located), num_bytes, tuple(problems)), located


def _read_index(path: Path) -> dict[str, str]:
    """Which file each tensor is in. The index's total_size is not looked at: every tensor's own size is checked."""
    if not (path / INDEX_NAME).exists():
        if not (path / SINGLE_NAME).exists():
            raise CheckpointError(f"{path} has neither {INDEX_NAME} nor {SINGLE_NAME}; download the checkpoint again.")
        return dict.fromkeys(Shard(path / SINGLE_NAME).entries, SINGLE_NAME)
    weight_map = read_json(path / INDEX_NAME).get("weight_map")
    if not isinstance(weight_map, dict) or not all(_is_file_name(file) for file in weight_map.values()):
        raise CheckpointError(f"{path / INDEX_NAME}: expected weight_map to name the file of each tensor.")
    return weight_map


def _is_file_name(value: object) -> bool:
    return isinstance(value, str) and value.endswith(".safetensors") and value.isprintable() and "/" not in value


def _open_shards(path: Path, weight_map: dict[str, str]) -> tuple[dict[str, Shard], list[str]]:
    shards, problems = {}, []
    for file in sorted(set(weight_map.values())):
        try:
            shards[file] = Shard(path / file)
        except CheckpointError as error:
            problems.append(str(error))
    return shards, problems


def _place_problems(weight_map: dict[str, str], shards: dict[str, Shard]) -> list[str]:
    """Where the index and the files it names disagree; files that did not open are reported already."""
    opened = {name: file for name, file in weight_map.items() if file in shards}
    lost = [
        f"tensor {name!r}: expected in {file}, where {INDEX_NAME} puts it; found no such tensor there."
        for name, file in opened.items()
        if name not in shards[file].entries
    ]
    unlisted = [
        f"tensor {name!r}: found in {file}, expected where {INDEX_NAME} puts it ({weight_map.get(name, 'nowhere')})."
        for file, shard in shards.items()
        for name in shard.entries
        if weight_map.get(name) != file
    ]
    return lost + unlisted


def _tensor_problems(config: ModelConfig, weight_map: dict[str, str], located: dict[str, Shard]) -> list[str]:
    problems = []
    names = set()
    for name, dtype, shape in expected_tensors(config):
        names.add(name)
        expected = f"expected {dtype} {list(shape)}"
        if name not in weight_map:
            problems.append(f"tensor {name!r} is missing: {expected}, found nothing.")
        elif name in located:
            found = located[name].entries[name]
            if (found.dtype, found.shape) != (dtype, shape):
                problems.append(f"tensor {name!r}: {expected}, found {_describe(found)}.")
    extra = (shard.entries[name] for name, shard in located.items() if name not in names)
    problems += [f"tensor {entry.name!r}: expected none of that name, found {_describe(entry)}." for entry in extra]
    return problems


def _describe(entry: TensorEntry) -> str:
    return f"{entry.dtype} {list(entry.shape)}"
