"""What is stored of files and batches, as plain values. Times are in seconds since 1970."""

from dataclasses import dataclass, field

from ossian.storage.records import JsonObject


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file without its content. From `expires_at` on it is not there any more."""

    id: str
    scope: str
    created_at: int
    num_bytes: int
    filename: str
    purpose: str
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What was done of a batch: lines that were answered, lines that were answered with an error, their tokens."""

    num_completed: int = 0
    num_failed: int = 0
    num_prompt_tokens: int = 0
    num_cached_tokens: int = 0
    num_completion_tokens: int = 0
    num_reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch. `caller` is in whose name its lines are run; what that and `body` mean is not known here."""

    id: str
    scope: str
    created_at: int
    expires_at: int
    status: str
    input_file_id: str
    body: JsonObject
    caller: JsonObject
    num_lines: int = 0
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class StoredResult:
    """What became of one line of a batch: a line of its output file, or of its error file."""

    line: int
    is_error: bool
    text: bytes
    tally: Tally = field(default_factory=Tally, compare=False)
