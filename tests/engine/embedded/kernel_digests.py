"""Fixed work for a kernel and a digest of its bits: the same on every instruction set and number of threads.

The instruction set is chosen once a process, so each is tried in a process of its own: `python kernel_digests.py NAME`.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[3]
if __name__ == "__main__":  # run as a script under another OSSIAN_ISA, it must find tests/ before it imports
    sys.path.insert(0, str(ROOT))

from ossian.engine.embedded import kernels  # noqa: E402
from tests.engine.embedded.checkpoints import Random  # noqa: E402
from tests.engine.embedded.paged_context import PagedContext, Shape  # noqa: E402
from tests.engine.embedded.rope_batch import RopeBatch  # noqa: E402
from tests.engine.embedded.sampling_rows import Row, model_like_logits, sample_rows  # noqa: E402


def digest(*arrays: NDArray[np.generic]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def attention_digest() -> str:
    shapes = [Shape(16, 2, 64, 32), Shape(16, 2, 64, 32, 128), Shape(7, 1, 48, 16, 50)]
    shapes += [replace(shape, dtype=np.int16) for shape in shapes] + [Shape(dtype=np.int8)]
    contexts = [PagedContext(shape, 300) for shape in shapes]
    return digest(*(context.attend(0, 300) for context in contexts), contexts[0].attend(299, 300))


def rope_digest() -> str:
    digests = []
    for dtype in (np.uint16, np.int16, np.int8):
        batch = RopeBatch(num_tokens=70, dtype=dtype)
        batch.run()
        digests.append(digest(batch.qkv, batch.k_cache, batch.v_cache))
    return " ".join(digests)


def packing_digest() -> str:
    """Of what packing gives, which files keep: whoever changes it raises kPackVersion in panel.h."""
    random = Random(0)
    weight, bias = random.bf16(48, 96, std=1), random.bf16(48, std=1)
    experts = kernels.pack_experts(
        random.bytes(3, 192, 2, 16),
        random.bytes(3, 192, 2) % 200,
        random.bf16(3, 192, std=1),
        random.bytes(3, 64, 3, 16),
        random.bytes(3, 64, 3) % 200,
        random.bf16(3, 64, std=1),
    )
    dense = [kernels.pack_dense(weight, bias, "int8"), kernels.pack_dense(weight, None, "bf16")]
    return digest(*(each.packed for each in dense), experts.packed)


def sampling_digest() -> str:
    logits = model_like_logits(20_001)
    rows: list[Row] = [
        {"temperature": 0.0},
        {"temperature": 1.0},
        {"temperature": 0.7, "top_p": 0.95},
        {"top_k": 50},
        {"top_k": 5000, "top_p": 0.8},
        {"min_p": 0.02, "temperature": 1.5},
    ]
    token_ids = [sample_rows(np.tile(logits, (50, 1)), steps=range(50), **row) for row in rows]
    logprob, ids, logprobs = kernels.top_logprobs(logits, 17, 20)
    return digest(*token_ids, np.array(logprob), ids, logprobs)


DIGESTS: dict[str, Callable[[], str]] = {
    "attention": attention_digest,
    "packing": packing_digest,
    "rope": rope_digest,
    "sampling": sampling_digest,
}


def digests_under_every_isa(name: str) -> list[str]:
    return [_run(name, isa) for isa in kernels.supported_isas()]


def _run(name: str, isa: str) -> str:
    command = [sys.executable, __file__, name, isa]
    run = subprocess.run(
        command, env={**os.environ, "OSSIAN_ISA": isa}, check=True, capture_output=True, text=True, timeout=100
    )
    return run.stdout.strip()


if __name__ == "__main__":
    assert kernels.isa() == sys.argv[2], "OSSIAN_ISA was not followed"
    print(DIGESTS[sys.argv[1]]())
