"""The embedding, which stays in the checkpoint's file: a step reads a few rows of it."""

from ossian.engine.embedded import kernels
from ossian.engine.embedded.checkpoint import Checkpoint
from ossian.engine.embedded.kernels import BFloat16, Float32, Int32

MAX_MAPPED_ROWS = 2048  # gpt-oss's are 5.8 KB, and the system maps up to 64 KB around each


class Embedding:
    """A table of a mapped file. Pages that were read count as this process's memory until they are given back, and
    after some ten thousand tokens would be all of the table: 1.2 GB for gpt-oss, of which a step needs next to nothing.
    """

    def __init__(self, checkpoint: Checkpoint, name: str) -> None:
        self.table: BFloat16 = checkpoint.tensor(name)  # [vocab_size, hidden_size]
        self._checkpoint = checkpoint
        self._name = name
        self._num_mapped_rows = 0

    def look_up(self, input_ids: Int32, out: Float32) -> None:
        """Write the rows of [num_tokens] ids to [num_tokens, hidden_size]."""
        kernels.embed(self.table, input_ids, out)
        self._num_mapped_rows += len(input_ids)
        if self._num_mapped_rows >= MAX_MAPPED_ROWS:
            self._checkpoint.drop_pages(self._name)
            self._num_mapped_rows = 0
