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
        self.orders: list[Any] = [context.SimpleQueue() for _ in seeds]
        self.results: list[Any] = [context.SimpleQueue() for _ in seeds]
        for seed, own, orders, results in zip(seeds, self.gradients, self.orders, self.results, strict=True):
            arguments = (self.weights, own, config, vocabulary, seed, orders, results)
            context.Process(target=work, args=arguments, daemon=True).start()

    def step(self, weights: dict[str, Tensor], num_tokens: int) -> list[Result]:
        """Compute the gradients of the summed loss at `weights`; each worker takes about so many tokens."""
        for name, value in weights.items():
            self.weights[name].copy_(value)
        for orders in self.orders:
            orders.put(num_tokens)
        return [results.get() for results in self.results]


def work(
    weights: dict[str, Tensor],
    own: dict[str, Tensor],
    config: NanoConfig,
    vocabulary: Vocabulary,
    seed: int,
    orders: Any,
    results: Any,
) -> None:
    """What a worker does until the training ends."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    compile_kernels()
    tables, source = make_tables(vocabulary), batches(seed)
    for value in weights.values():
        value.requires_grad_()
    while num_tokens := orders.get():
        taken = list(taken_from(source, num_tokens))
        found, value, num_correct = gradients(weights, tables, config, taken)
        for name, gradient in found.items():
            own[name].copy_(gradient)
        num_targets = sum(batch.num_targets for batch in taken)
        results.put(Result(value, num_correct, num_targets, sum(batch.num_tokens for batch in taken)))


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
