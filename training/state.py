"""The state of a training: made anew, saved, and gone on with."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ossian.catalog.demonstration import embedding_base, output_base
from ossian.catalog.spelling import PREFIXES, Case, spelling
from training.copying import tokenizer
from training.export import imported
from training.model import shapes
from training.nano_config import NanoConfig
from training.optimizer import Optimizer
from training.vocabulary import Vocabulary, make_vocabulary, number_rows

SEED = 1
OUTPUT_SCALE = 0.25


@dataclass(frozen=True, slots=True)
class State:
    """Everything training changes. `averages`, a running average of the parameters, is what is exported."""

    config: NanoConfig
    vocabulary: Vocabulary
    parameters: dict[str, Tensor]
    averages: dict[str, Tensor]
    optimizer: Optimizer

    def save(self, path: Path) -> None:
        """Write it in one move."""
        path.parent.mkdir(exist_ok=True)
        state = {
            "parameters": self.parameters,
            "averages": self.averages,
            "optimizer": self.optimizer.state(),
            "inputs": self.vocabulary.inputs,
            "outputs": self.vocabulary.outputs,
        }
        unfinished = path.with_suffix(".unfinished")
        torch.save(state, unfinished)
        unfinished.replace(path)


def new_state() -> State:
    """Random weights and no steps taken."""
    config, vocabulary = NanoConfig(), make_vocabulary(SEED)
    parameters = initial_parameters(config, vocabulary)
    averages = {name: value.clone() for name, value in parameters.items()}
    return State(config, vocabulary, parameters, averages, Optimizer(parameters))


def saved_state(path: Path) -> State:
    """A saved state, with the rows of today's vocabulary and the layers of today's configuration."""
    saved, config = torch.load(path), NanoConfig()
    vocabulary = make_vocabulary(SEED)
    change_rows(saved, "embed_tokens", vocabulary.inputs, saved["inputs"])
    change_rows(saved, "lm_head", vocabulary.outputs, saved["outputs"])
    for name, value in added_layers(saved["parameters"], config, vocabulary).items():
        saved["parameters"][name], saved["averages"][name] = value, value.clone()
    optimizer = Optimizer(saved["parameters"])
    optimizer.load(saved["optimizer"])
    return State(config, vocabulary, saved["parameters"], saved["averages"], optimizer)


def added_layers(parameters: dict[str, Tensor], config: NanoConfig, vocabulary: Vocabulary) -> dict[str, Tensor]:
    """The layers that are missing. They add nothing to what they get until training changes that."""
    added = {name: value for name, value in initial_parameters(config, vocabulary).items() if name not in parameters}
    for name, value in added.items():
        if "o_proj" in name or "down_proj" in name:
            value.zero_()
    return added


def exported_state(folder: Path) -> State:
    """A state that goes on from exported weights: rounded ones, and an optimizer that knows nothing of them."""
    saved = imported(folder, NanoConfig())
    vocabulary = make_vocabulary(SEED)
    parameters = saved["parameters"]
    for layer, ids, old in (
        ("embed_tokens", vocabulary.inputs, saved["inputs"]),
        ("lm_head", vocabulary.outputs, saved["outputs"]),
    ):
        parameters[f"{layer}.rows"] = changed_rows(parameters, layer, ids, old)
    averages = {name: value.clone() for name, value in parameters.items()}
    return State(NanoConfig(), vocabulary, parameters, averages, Optimizer(parameters))


def change_rows(saved: dict[str, Any], layer: str, ids: tuple[int, ...], old: tuple[int, ...]) -> None:
    """Give a saved layer rows for `ids` instead of `old`: new ones begin as they were derived."""
    name = f"{layer}.rows"
    for weights in (saved["parameters"], saved["averages"]):
        weights[name] = changed_rows(weights, layer, ids, old)
    kept, origin = kept_rows(ids, old)
    for moments in (saved["optimizer"]["first"], saved["optimizer"]["second"]):
        rows = torch.zeros(len(ids), moments[name].shape[1])
        rows[kept] = moments[name][origin]
        moments[name] = rows


def changed_rows(weights: dict[str, Tensor], layer: str, ids: tuple[int, ...], old: tuple[int, ...]) -> Tensor:
    """The rows of `ids`, of which those in `old` are kept."""
    spelled = spelling(tokenizer())
    rows = weights[f"{layer}.prefixes"][spelled.prefix[list(ids)]] + weights[f"{layer}.cases"][spelled.case[list(ids)]]
    kept, origin = kept_rows(ids, old)
    rows[kept] = weights[f"{layer}.rows"][origin]
    return rows


def kept_rows(ids: tuple[int, ...], old: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Which rows of `ids` are in `old`, and which of its rows they are."""
    place = {token: row for row, token in enumerate(old)}
    kept = [row for row, token in enumerate(ids) if token in place]
    return kept, [place[ids[row]] for row in kept]


def initial_parameters(config: NanoConfig, vocabulary: Vocabulary) -> dict[str, Tensor]:
    """Random weights; embeddings and output rows say how their tokens are written."""
    generator = torch.Generator().manual_seed(SEED)
    parameters = {}
    for name, shape in shapes(config, len(vocabulary.inputs), len(vocabulary.outputs)).items():
        if "norm" in name:
            parameters[name] = torch.ones(shape)
        elif "bias" in name or "sinks" in name:
            parameters[name] = torch.zeros(shape)
        else:
            spread = shape[-1] ** -0.5
            if "o_proj" in name or "down_proj" in name:
                spread /= math.sqrt(2 * config.num_hidden_layers)
            parameters[name] = torch.randn(shape, generator=generator) * spread
    return parameters | initial_rows(vocabulary, generator)


def initial_rows(vocabulary: Vocabulary, generator: torch.Generator) -> dict[str, Tensor]:
    """The parts of the embedding and the output layer. Prefix and case speak in the places that words leave free."""
    spelled = spelling(tokenizer())
    parts: dict[str, Tensor] = {}
    for layer, base, free, scale, spread in (
        ("embed_tokens", embedding_base(spelled), slice(200, None), 1.0, 1.0),
        ("lm_head", output_base(spelled), slice(0, 192), OUTPUT_SCALE, 0.02),
    ):
        for part, count in (("prefixes", len(PREFIXES)), ("cases", len(Case))):
            parts[f"{layer}.{part}"] = torch.zeros(count, base.shape[1])
            drawn = torch.randn(parts[f"{layer}.{part}"][:, free].shape, generator=generator)
            parts[f"{layer}.{part}"][:, free] = drawn * spread
        parts[f"{layer}.scale"] = torch.full((1,), scale)
        ids = vocabulary.inputs if layer == "embed_tokens" else vocabulary.outputs
        prefix, case = (torch.from_numpy(kind)[torch.tensor(ids)] for kind in (spelled.prefix, spelled.case))
        written = parts[f"{layer}.prefixes"][prefix] + parts[f"{layer}.cases"][case]
        parts[f"{layer}.rows"] = written
    numbers = number_rows(vocabulary.inputs, parts["embed_tokens.rows"].shape[1])
    parts["embed_tokens.rows"] += numbers
    return parts
