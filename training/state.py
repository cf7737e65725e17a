"""The state of a training: made anew, saved, and gone on with."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.model import shapes
from training.nano_config import NanoConfig
from training.optimizer import Optimizer
from training.vocabulary import Vocabulary, derived_rows, initial_embeddings, make_vocabulary

SEED = 1


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
    """A saved state, with rows for what the skills have come to read or say since."""
    config, saved = NanoConfig(), torch.load(path)
    vocabulary = widen(saved, make_vocabulary(SEED), config)
    optimizer = Optimizer(saved["parameters"])
    optimizer.load(saved["optimizer"])
    return State(config, vocabulary, saved["parameters"], saved["averages"], optimizer)


def initial_parameters(config: NanoConfig, vocabulary: Vocabulary) -> dict[str, Tensor]:
    """Random weights; embeddings are the derived ones."""
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
    parameters["embed_tokens.weight"] = initial_embeddings(vocabulary, config.hidden_size)
    parameters["lm_head.weight"] *= 0.1
    return parameters


def widen(saved: dict[str, Any], vocabulary: Vocabulary, config: NanoConfig) -> Vocabulary:
    """Add rows to a saved checkpoint for tokens that its training did not read or say."""
    inputs, outputs = (
        tuple(sorted(set(made) - set(old)))
        for made, old in ((vocabulary.inputs, saved["inputs"]), (vocabulary.outputs, saved["outputs"]))
    )
    rows = derived_rows(inputs, config.hidden_size)
    for weights in (saved["parameters"], saved["averages"]):
        weights["embed_tokens.weight"] = torch.cat((weights["embed_tokens.weight"], rows))
        said, unsaid = weights["lm_head.weight"].split((len(saved["outputs"]), 1))
        weights["lm_head.weight"] = torch.cat((said, unsaid.expand(len(outputs), -1), unsaid))
    for moments in (saved["optimizer"]["first"], saved["optimizer"]["second"]):
        moments["embed_tokens.weight"] = torch.cat((moments["embed_tokens.weight"], torch.zeros_like(rows)))
        moments["lm_head.weight"] = torch.cat(
            (moments["lm_head.weight"], torch.zeros(len(outputs), config.hidden_size))
        )
    return Vocabulary((*saved["inputs"], *inputs), (*saved["outputs"], *outputs))
