"""The embedding, which stays in the checkpoint's file: a step reads a few rows of it."""

from ossian.engine.embedded import kernels
from ossian.engine.embedded.checkpoint import Checkpoint
from ossian.engine.embedded.kernels import Float32, Int32


class Embedding:
    """A table in a file. It is read, not mapped: pages that a map has read count as this process's memory, and the
    system may map 2 MB for a row of 5.8 KB. That would be all of the table soon, 1.2 GB for gpt-oss.
    """

    def __init__(self, checkpoint: Checkpoint, name: str) -> None:
        self._num_rows, self._hidden_size = checkpoint.shape(name)
        self._file, self._offset = checkpoint.place(name)
        self._checkpoint = checkpoint  # keeps the file open

    def look_up(self, input_ids: Int32, out: Float32) -> None:
        """Write the rows of [num_tokens] ids to [num_tokens, hidden_size]."""
        assert out.shape[1] == self._hidden_size
        kernels.embed(self._file, self._offset, self._num_rows, input_ids, out)
