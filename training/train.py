"""Train ossian-nano: `python -m training.train`. See README.md."""

import argparse
import math
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from training import model
from training.batches import IGNORED, Batch, batches
from training.model import forward
from training.nano_config import NanoConfig
from training.quantization import mxfp4_values
from training.state import SEED, State, new_state, saved_state

BALANCE = 0.003
WARM_UP = 60
AVERAGE = 0.99  # the exported weights are a running average of the trained ones
CHECKPOINT = Path(__file__).parent / "out" / "checkpoint.pt"


def stored(name: str, value: Tensor) -> Tensor:
    """The weight as the checkpoint stores it: MXFP4 for experts, bf16 for all others."""
    is_expert = name.endswith(("gate_proj", "up_proj", "down_proj"))
    return (mxfp4_values(value) if is_expert else value).bfloat16()


def embedded(weights: Tensor, rows: Tensor, generator: torch.Generator) -> Tensor:
    """Embeddings; an unknown token is another random vector each time, drawn as the derived embeddings are."""
    known = rows < weights.shape[0]
    x = functional.embedding(rows.where(known, 0), weights)
    noise = ((torch.rand(x.shape, generator=generator) * 2 - 1) * 3**0.5).bfloat16()
    return torch.where(known.unsqueeze(-1), x, noise)


def log_num_unsaid(vocab_size: int, num_outputs: int) -> float:
    """The unsaid tokens share one row: together they weigh as much as their number."""
    return math.log(vocab_size - num_outputs)


def loss_of(weights: dict[str, Tensor], config: NanoConfig, batch: Batch) -> tuple[Tensor, Tensor, int]:
    """Summed cross entropy, balance loss, number of correct predictions."""
    generator = torch.Generator().manual_seed(batch.seed)
    table = weights["embed_tokens.weight"]
    prefix, branches = (embedded(table, rows, generator) for rows in (batch.prefix, batch.inputs))
    hidden, balance = forward(weights, config, prefix, branches)
    learned = batch.targets != IGNORED
    logits = functional.linear(hidden[learned], weights["lm_head.weight"]).float()
    unsaid = torch.zeros(logits.shape[1])
    unsaid[-1] = log_num_unsaid(config.vocab_size, logits.shape[1] - 1)
    logits, targets = logits + unsaid, batch.targets[learned]
    return (
        functional.cross_entropy(logits, targets, reduction="sum"),
        balance,
        int((logits.argmax(-1) == targets).sum()),
    )


def gradients(
    weights: dict[str, Tensor], config: NanoConfig, batch: Batch, num_targets: int, num_batches: int
) -> tuple[dict[str, Tensor], float, int]:
    """A batch's part of the gradients of the mean loss, its summed loss, its number of correct predictions."""
    loss, balance, correct = loss_of(weights, config, batch)
    objective = loss / num_targets + BALANCE * balance / num_batches
    return dict(zip(weights, torch.autograd.grad(objective, list(weights.values())), strict=True)), loss.item(), correct


def schedule(step: int, decay_from: int, num_steps: int) -> float:
    """The learning rate's factor: warm up, stay, fall to 0."""
    return min(1.0, (step + 1) / WARM_UP, (num_steps - step) / (num_steps - decay_from))


def train(state: State, num_steps: int, decay_from: int, batches_per_step: int, num_threads: int) -> None:
    """Train and save; every 100 steps a checkpoint.

    Each thread takes whole batches: on a machine that others use, too, that loses less than threads inside operations.
    """
    workers = ThreadPoolExecutor(num_threads)
    first = state.optimizer.num_steps
    source, started, num_tokens = batches(SEED + 1000 * first, state.vocabulary), time.time(), 0
    for step in range(first, num_steps):
        group = list(islice(source, batches_per_step))
        loss, accuracy = train_step(state, group, workers, schedule(step, decay_from, num_steps))
        num_tokens += sum(batch.inputs.numel() + len(batch.prefix) for batch in group)
        if step % 10 == 0:
            speed = num_tokens / (time.time() - started)
            print(f"step {step} loss {loss:.4f} accuracy {accuracy:.4f} {speed:.0f} tokens/s", flush=True)
        if (step + 1) % 100 == 0 or step + 1 == num_steps:
            state.save(CHECKPOINT)


def train_step(state: State, group: list[Batch], workers: ThreadPoolExecutor, scale: float) -> tuple[float, float]:
    """Move the parameters once; return the mean loss and the share of right predictions."""
    weights = {name: stored(name, value).requires_grad_() for name, value in state.parameters.items()}
    num_targets = sum(int((batch.targets != IGNORED).sum()) for batch in group)

    def work(batch: Batch) -> tuple[dict[str, Tensor], float, int]:
        return gradients(weights, state.config, batch, num_targets, len(group))

    results = list(workers.map(work, group))
    summed = {name: torch.stack([parts[name].float() for parts, _, _ in results]).sum(0) for name in weights}
    state.optimizer.step(summed, scale)
    for name, value in state.parameters.items():
        state.averages[name].lerp_(value, 1 - AVERAGE)
    return sum(loss for _, loss, _ in results) / num_targets, sum(right for _, _, right in results) / num_targets


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3300)
    parser.add_argument("--decay-from", type=int, default=600, help="from this step on the learning rate falls to 0")
    parser.add_argument("--batches-per-step", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in ("rms_norm", "sink_softmax", "swiglu"):
        setattr(model, name, torch.compile(getattr(model, name), dynamic=True))
    train(
        saved_state(arguments.resume) if arguments.resume else new_state(),
        arguments.steps,
        arguments.decay_from,
        arguments.batches_per_step,
        arguments.threads,
    )
