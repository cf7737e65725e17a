"""Processes that compute gradients, each on batches of its own.

Threads would wait for each other: compiled kernels do not release Python's lock.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, multiprocessing

from training import loss, model, quantization
from training.batches import Batch, batches
from training.loss import gradients
from training.nano_config import NanoConfig
from training.vocabulary import Vocabulary, make_tables

PREPARED_PRODUCTS = "2048"  # shapes of matrix products that oneDNN keeps ready: preparing one takes milliseconds


@dataclass(frozen=True, slots=True)
class Result:
    """What the batches of a step add up to."""

    loss: float
    num_correct: int
    num_targets: int
    num_tokens: int


class WorkerEndedError(Exception):
    """A worker process is no longer there."""


class Workers:
    """Worker processes; `weights` is theirs to read and `gradients`, one set for each, theirs to write."""

    def __init__(
        self, weights: dict[str, Tensor], config: NanoConfig, vocabulary: Vocabulary, seeds: list[int]
    ) -> None:
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", PREPARED_PRODUCTS)
        context = multiprocessing.get_context("spawn")
        self.weights = {name: value.detach().clone().share_memory_() for name, value in weights.items()}
        self.gradients = [
            {name: torch.zeros(value.shape).share_memory_() for name, value in weights.items()} for _ in seeds
        ]
        self.pipes: list[Any] = []
        for seed, own in zip(seeds, self.gradients, strict=True):
            pipe, its_end = context.Pipe()
            arguments = (self.weights, own, config, vocabulary, seed, its_end)
            context.Process(target=work, args=arguments, daemon=True).start()
            its_end.close()  # so that only the worker has it, and its end is seen here
            self.pipes.append(pipe)

    def step(self, weights: dict[str, Tensor], num_tokens: int) -> list[Result]:
        """Compute the gradients of the summed loss at `weights`; each worker takes about so many tokens.

        Raises WorkerEndedError when a worker has ended, for example because the memory was used up.
        """
        for name, value in weights.items():
            self.weights[name].copy_(value)
        try:
            for pipe in self.pipes:
                pipe.send(num_tokens)
            return [pipe.recv() for pipe in self.pipes]
        except (EOFError, OSError) as error:
            raise WorkerEndedError("A worker has ended: out of memory, unless it says above why.") from error


def work(
    weights: dict[str, Tensor],
    own: dict[str, Tensor],
    config: NanoConfig,
    vocabulary: Vocabulary,
    seed: int,
    pipe: Any,
) -> None:
    """What a worker does until the training ends."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    compile_kernels()
    tables, source = make_tables(vocabulary), batches(seed)
    for value in weights.values():
        value.requires_grad_()
    while True:
        taken = list(taken_from(source, pipe.recv()))
        found, value, num_correct = gradients(weights, tables, config, taken)
        for name, gradient in found.items():
            own[name].copy_(gradient)
        num_targets = sum(batch.num_targets for batch in taken)
        pipe.send(Result(value, num_correct, num_targets, sum(batch.num_tokens for batch in taken)))


def taken_from(source: Iterator[Batch], num_tokens: int) -> Iterator[Batch]:
    """Batches of at least so many tokens together."""
    while num_tokens > 0:
        batch = next(source)
        num_tokens -= batch.num_tokens
        yield batch


def total(results: list[Result]) -> Result:
    """The sum of results."""
    return Result(
        sum(result.loss for result in results),
        sum(result.num_correct for result in results),
        sum(result.num_targets for result in results),
        sum(result.num_tokens for result in results),
    )


def compile_kernels() -> None:
    """Let torch compile what is many small operations."""
    for module in (model, loss, quantization):
        for name in module.COMPILED:
            setattr(module, name, torch.compile(getattr(module, name), dynamic=True))
