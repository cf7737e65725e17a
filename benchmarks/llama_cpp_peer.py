"""Measures llama.cpp for `ossian bench --peer llama.cpp`, through llama-cpp-python's low-level calls.

    .venv-peers/bin/python benchmarks/llama_cpp_peer.py MODEL.gguf NUM_THREADS [prefill:512 | decode:48] …

Prints one JSON object: tokens a second of each case, and what was measured. Token ids go in and logits come out, as
in ours; the prompt of a decode has 32 tokens, and each token is the likeliest. It knows nothing of Ossian.
"""

import ctypes
import json
import os
import random
import sys
import time
from typing import Any

import llama_cpp as llama
import numpy as np

SHORT = 32
NUM_TEXT_TOKENS = 199_998
LOG_LEVEL_ERROR = 4
MICRO_BATCH = 512  # llama.cpp's default


@llama.llama_log_callback
def only_errors(level: int, text: bytes, _data: object) -> None:
    """Pass on what llama.cpp says only when something failed; it says hundreds of lines."""
    if level == LOG_LEVEL_ERROR:
        print(text.decode(errors="replace"), end="", file=sys.stderr)


class Peer:
    """A loaded model with one sequence."""

    def __init__(self, path: str, num_threads: int, num_positions: int) -> None:
        llama.llama_log_set(only_errors, None)
        llama.llama_backend_init()
        of_model: Any = llama.llama_model_default_params()
        of_model.use_mmap = False  # else what was not read yet would come from the disk while it is measured
        self._model = llama.llama_model_load_from_file(path.encode(), of_model)
        if not self._model:
            raise SystemExit(f"llama.cpp cannot load {path}.")
        self.num_positions = num_positions
        params: Any = llama.llama_context_default_params()
        params.n_ctx = params.n_batch = num_positions
        params.n_ubatch = min(MICRO_BATCH, num_positions)
        params.n_threads = params.n_threads_batch = num_threads
        params.no_perf = True
        self._context = llama.llama_init_from_model(self._model, params)
        self._vocab_size = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(self._model))

    def prefill(self, num_tokens: int) -> float:
        """Tokens a second of a prompt, until the logits of its last token are there."""
        self._forget()
        token_ids = self._fresh(num_tokens)
        before = time.perf_counter()
        self._likeliest_after(token_ids)
        return num_tokens / (time.perf_counter() - before)

    def decode(self, num_tokens: int) -> float:
        """Tokens a second behind a short prompt."""
        self._forget()
        token_id = self._likeliest_after(self._fresh(SHORT))
        before = time.perf_counter()
        for _ in range(num_tokens):
            token_id = self._likeliest_after([token_id])
        return num_tokens / (time.perf_counter() - before)

    def _fresh(self, num_tokens: int) -> list[int]:
        return [random.randrange(min(self._vocab_size, NUM_TEXT_TOKENS)) for _ in range(num_tokens)]

    def _forget(self) -> None:
        llama.llama_memory_clear(llama.llama_get_memory(self._context), True)

    def _likeliest_after(self, token_ids: list[int]) -> int:
        """Run tokens behind those before; returns the token that is most likely next."""
        array = (llama.llama_token * len(token_ids))(*token_ids)
        status = llama.llama_decode(self._context, llama.llama_batch_get_one(array, len(token_ids)))
        if status != 0:
            raise SystemExit(f"llama_decode failed with status {status}.")
        logits = np.ctypeslib.as_array(llama.llama_get_logits_ith(self._context, -1), (self._vocab_size,))
        return int(logits.argmax())


def main() -> None:
    path, num_threads, *cases = sys.argv[1:]
    wanted = [(kind, int(size)) for kind, _, size in (case.partition(":") for case in cases)]
    peer = Peer(path, int(num_threads), SHORT + max((size for _, size in wanted), default=0))
    peer.prefill(min(MICRO_BATCH, peer.num_positions))  # touches memory that later steps find mapped
    peer.decode(8)
    figures = {}
    for kind, size in wanted:
        figures[f"{kind}:{size}"] = rate = getattr(peer, kind)(size)
        print(f"llama.cpp, {kind} {size}: {rate:.4g} tok/s", file=sys.stderr, flush=True)
    about = {
        "version": f"llama-cpp-python {llama.__version__}",
        "system": ctypes.string_at(llama.llama_print_system_info()).decode(),
        "num_threads": int(num_threads),
        "micro_batch": MICRO_BATCH,
        "file_bytes": os.path.getsize(path),
    }
    print(json.dumps({"figures": figures, "about": about}))


if __name__ == "__main__":
    main()
