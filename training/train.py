"""Train ossian-nano: `python -m training.train`. See README.md."""

import argparse
import math
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

from training import quantization
from training.state import SEED, State, exported_state, new_state, saved_state
from training.workers import Workers, compile_kernels, total

WARM_UP = 60
NUM_STEPS = 10_000
DECAY = 0.25  # the last part of the steps, or of --minutes, in which the learning rate falls
AVERAGE = 0.99  # the exported weights are a running average of the trained ones
CHECKPOINT = Path(__file__).parent / "out" / "checkpoint.pt"


def stored(name: str, value: Tensor) -> Tensor:
    """The weight as the checkpoint stores it: MXFP4 for experts, bf16 for all others."""
    is_expert = name.endswith(("gate_proj", "up_proj", "down_proj"))
    return (quantization.mxfp4_values(value) if is_expert else value).bfloat16()


def schedule(step: int, decay_from: int, num_steps: int) -> float:
    """The learning rate's factor: warm up, stay, fall to 0."""
    return min(1.0, (step + 1) / WARM_UP, (num_steps - step) / (num_steps - decay_from))


def train(
    state: State, num_steps: int, decay_from: int, tokens_per_step: int, num_workers: int, minutes: float = math.inf
) -> None:
    """Train and save; every 100 steps a checkpoint. It ends after `minutes` if it has not before."""
    first = state.optimizer.num_steps
    threads = ThreadPoolExecutor(num_workers)
    seeds = [SEED + 1000 * first + worker for worker in range(num_workers)]
    workers = Workers(weights_of(state, threads), state.config, state.vocabulary, seeds)
    started, num_tokens = time.time(), 0
    for step in range(first, num_steps):
        weights = weights_of(state, threads)
        result = total(workers.step(weights, tokens_per_step // num_workers))
        left = max(0.0, 1 - (time.time() - started) / (60 * minutes))  # of the time
        scale = min(schedule(step, decay_from, num_steps), left / DECAY)
        move(state, workers, threads, 1 / result.num_targets, scale)
        num_tokens += result.num_tokens
        if step % 10 == 0:
            loss, accuracy = result.loss / result.num_targets, result.num_correct / result.num_targets
            speed = num_tokens / (time.time() - started)
            print(f"step {step} loss {loss:.4f} accuracy {accuracy:.4f} {speed:.0f} tokens/s", flush=True)
        if (step + 1) % 100 == 0 or step + 1 == num_steps or not left:
            state.save(CHECKPOINT)
        if not left:
            break


def weights_of(state: State, threads: ThreadPoolExecutor) -> dict[str, Tensor]:
    """The weights that the parameters stand for."""
    names = list(state.parameters)
    return dict(zip(names, threads.map(stored, names, state.parameters.values()), strict=True))


def move(state: State, workers: Workers, threads: ThreadPoolExecutor, share: float, scale: float) -> None:
    """Move the parameters once; `share` makes a mean of the summed gradients."""
    state.optimizer.num_steps += 1

    def move_one(name: str) -> None:
        gradient = torch.stack([own[name] for own in workers.gradients]).sum(0) * share
        state.optimizer.step(name, gradient, scale)
        state.averages[name].lerp_(state.parameters[name], 1 - AVERAGE)

    list(threads.map(move_one, list(state.parameters)))


def first_state(origin: Path | None) -> State:
    """The state to go on from: a new one, a saved one, or one of exported weights."""
    if origin is None:
        return new_state()
    return exported_state(origin) if origin.is_dir() else saved_state(origin)


def number_of_steps(text: str) -> int:
    """A number of at least 1."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def parsed(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m training.train")
    parser.add_argument("--steps", type=number_of_steps, help=f"end after so many in all ({NUM_STEPS:,})")
    parser.add_argument("--decay-from", type=int, help="from this step on the learning rate falls (the last quarter)")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end after so long, whatever the steps")
    parser.add_argument("--tokens-per-step", type=int, default=9600)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--resume", type=Path, help="a checkpoint, or a folder of exported weights")
    arguments = parser.parse_args(words)
    if arguments.steps is None:
        arguments.steps = NUM_STEPS if math.isinf(arguments.minutes) else sys.maxsize
    if arguments.decay_from is None:
        arguments.decay_from = int(arguments.steps * (1 - DECAY))
    if not 0 <= arguments.decay_from < arguments.steps:
        parser.error(f"--decay-from {arguments.decay_from} is not before the end, step {arguments.steps}")
    return arguments


def main() -> None:
    """Run the command."""
    arguments = parsed()
    torch.set_num_threads(1)
    compile_kernels()
    state = first_state(arguments.resume)
    num_steps = state.optimizer.num_steps
    if num_steps >= arguments.steps:
        sys.exit(f"{arguments.resume} has {num_steps} steps already: ask for more with --steps, or give --minutes")
    train(
        state,
        arguments.steps,
        arguments.decay_from,
        arguments.tokens_per_step,
        arguments.workers,
        arguments.minutes,
    )


if __name__ == "__main__":
    main()
