"""The demonstration model ossian-nano: from the compact file in this package to a normal checkpoint.

The compact file holds what training changed. Of the embedding and the output layer those are few rows: every other row
is derived from how its token is written (spelling.py), so that the model can read and copy words it never saw.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ossian.catalog.spelling import NO_PIECE, Spelling, spelling
from ossian.engine.embedded.shard import Shard
from ossian.errors import ConfigurationError
from ossian.harmony.tokenizer import Tokenizer
from ossian.harmony.vocabulary import VOCAB_SIZE
from ossian.settings import DEMONSTRATION_MODEL

SEED: Final = 20_608
LAYOUT: Final = 2  # raised when the same compact file shall give other checkpoint files

COMPACT: Final = Path(str(files("ossian.catalog"))) / "ossian_nano"
COMPACT_WEIGHTS: Final = "compact.safetensors"
CONFIGURATIONS: Final = ("config.json", "generation_config.json")
WEIGHTS: Final = "model.safetensors"
MANIFEST: Final = "manifest.json"

EMBEDDING: Final = "model.embed_tokens"
OUTPUT: Final = "lm_head"
SLOTS: Final = (slice(64, 120), slice(120, 168), slice(168, 200))  # of an embedding: the pieces
WORD: Final = slice(0, 64)  # of an embedding: the whole word
SAID_WORD: Final = slice(192, 256)  # of an output row; the current token's own word must not speak for itself
WORD_SIZE: Final = 64
HIDDEN_SIZE: Final = 256
CHUNK: Final = 16_384  # rows derived at a time


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor as its bytes: `values` is uint16 for BF16 and uint8 for U8."""

    dtype: str
    values: NDArray[Any]


def expand(cache_dir: Path, compact: Path = COMPACT) -> Path:
    """Return the folder of ossian-nano's checkpoint in `cache_dir`; make it on first use, or when it is damaged.

    Takes about three seconds once. Several processes may start at the same time: each sees a complete folder or none.
    Raises ConfigurationError when `cache_dir` cannot be written.
    """
    folder = cache_dir / f"{DEMONSTRATION_MODEL}-{content_hash(compact)}"
    if is_intact(folder):
        return folder
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{DEMONSTRATION_MODEL}-", dir=cache_dir) as temporary:
            made = Path(temporary) / "checkpoint"
            write_checkpoint(made, compact)
            move_into_place(made, folder, Path(temporary) / "damaged")
    except OSError as error:
        raise ConfigurationError(
            f"The demonstration model cannot be unpacked into '{cache_dir}' ({error.strerror or error}). It needs 250"
            " MB there; name another folder with OSSIAN_MODELS__CACHE_DIR."
        ) from error
    return folder


def content_hash(compact: Path) -> str:
    """Return 16 hexadecimal digits that change whenever the checkpoint's files would."""
    digest = hashlib.sha256(f"{LAYOUT} {SEED}".encode())
    for name in (COMPACT_WEIGHTS, *CONFIGURATIONS):
        digest.update(hashlib.sha256((compact / name).read_bytes()).digest())
    return digest.hexdigest()[:16]


def is_intact(folder: Path) -> bool:
    """Tell whether a folder holds what its manifest says, byte for byte."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        return set(manifest) == {WEIGHTS, *CONFIGURATIONS} and all(
            checksum(folder / name) == expected for name, expected in manifest.items()
        )
    except (OSError, ValueError, TypeError):
        return False


def checksum(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def move_into_place(made: Path, folder: Path, aside: Path) -> None:
    """Rename `made` to `folder`. A damaged folder is moved aside; another process's intact one is kept."""
    while True:
        try:
            made.rename(folder)
        except OSError:
            if is_intact(folder):
                return
            if not folder.exists():
                raise
            folder.rename(aside)
            aside = aside.with_name(f"{aside.name}-again")
        else:
            return


def write_checkpoint(folder: Path, compact: Path) -> None:
    """Write the checkpoint's files, and last the manifest with their checksums."""
    folder.mkdir()
    for name in CONFIGURATIONS:
        shutil.copyfile(compact / name, folder / name)
    write_safetensors(folder / WEIGHTS, expanded(Shard(compact / COMPACT_WEIGHTS)))
    manifest = {name: checksum(folder / name) for name in (WEIGHTS, *CONFIGURATIONS)}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def expanded(shard: Shard) -> dict[str, StoredTensor]:
    """Return every tensor of the checkpoint, by name."""
    tensors = {name: StoredTensor(entry.dtype, shard.view(name)) for name, entry in shard.entries.items()}
    spelled = spelling(Tokenizer())
    for name, base in ((EMBEDDING, embedding_base), (OUTPUT, output_base)):  # one at a time: each takes 200 MB
        trained = {part: tensors.pop(f"{name}.{part}").values for part in ("ids", "rows", "prefixes", "cases", "scale")}
        tensors[f"{name}.weight"] = StoredTensor("BF16", all_rows(spelled, base(spelled), trained))
    return tensors


def all_rows(spelled: Spelling, base: NDArray[np.float32], trained: dict[str, NDArray[Any]]) -> NDArray[np.uint16]:
    """Return an embedding or output layer, bf16 bits [VOCAB_SIZE, hidden_size].

    trained, bf16 bits but for the ids: `rows` are those of `ids`; all others are `scale` times `base` plus the vectors
    of their prefix and case.
    """
    prefixes, cases, scale = (float32(trained[part]) for part in ("prefixes", "cases", "scale"))
    made = np.empty(base.shape, np.uint16)
    for start in range(0, len(base), CHUNK):
        rows = slice(start, start + CHUNK)
        made[rows] = bf16_bits(base[rows] * scale + prefixes[spelled.prefix[rows]] + cases[spelled.case[rows]])
    made[trained["ids"].view("<u4")[:, 0]] = trained["rows"]
    return made


def embedding_base(spelled: Spelling) -> NDArray[np.float32]:
    """Return what an embedding says of its word and the word's pieces, float32 [VOCAB_SIZE, HIDDEN_SIZE]."""
    words = word_vectors(spelled)
    base = np.zeros((VOCAB_SIZE, HIDDEN_SIZE), np.float32)
    base[:, WORD] = words[spelled.key]
    for slot, keys in zip(SLOTS, spelled.pieces.T, strict=True):
        base[:, slot] = np.where(keys[:, None] == NO_PIECE, 0, words[keys, : slot.stop - slot.start])
    return base


def output_base(spelled: Spelling) -> NDArray[np.float32]:
    """Return what an output row asks of the hidden state: the token's word, float32 [VOCAB_SIZE, HIDDEN_SIZE]."""
    base = np.zeros((VOCAB_SIZE, HIDDEN_SIZE), np.float32)
    base[:, SAID_WORD] = word_vectors(spelled)[spelled.key]
    return base


def word_vectors(spelled: Spelling) -> NDArray[np.float32]:
    """Return a random vector for each word, [num_words, WORD_SIZE], uniform with variance 1.

    Philox's raw output is the same on every machine and with every NumPy.
    """
    num_words = int(spelled.key.max()) + 1
    num_values = num_words * WORD_SIZE
    raw = np.random.Philox(key=SEED).random_raw(-(-num_values // 4))
    uniform = (np.arange(2**16) / (2**15 - 0.5) - 1) * 3**0.5
    drawn = raw.astype("<u8").view("<u2")[:num_values]
    vectors: NDArray[np.float32] = uniform.astype(np.float32)[drawn].reshape(num_words, WORD_SIZE)
    return vectors


def float32(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Return bf16 bits as float32 values."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def bf16_bits(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return float32 values as bf16 bits, rounded to nearest even."""
    bits = values.view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.asarray(rounded, np.uint16)


def write_safetensors(path: Path, tensors: dict[str, StoredTensor]) -> None:
    """Write a safetensors file, and see that it is on the disk."""
    header = json.dumps(dict(header_entries(tensors))).encode()
    header += b" " * (-len(header) % 8)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor.values).data)
        file.flush()
        os.fsync(file.fileno())


def header_entries(tensors: dict[str, StoredTensor]) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the header's entry for each tensor, one after the other in the file."""
    start = 0
    for name, tensor in tensors.items():
        stop = start + tensor.values.nbytes
        yield name, {"dtype": tensor.dtype, "shape": tensor.values.shape, "data_offsets": [start, stop]}
        start = stop
