"""A short name for everything that decides which tokens come out, besides the request itself."""

import hashlib
from importlib.metadata import version
from pathlib import Path

import ossian
from ossian.settings import EngineSettings

NUM_SAMPLES = 64  # of each weights file: enough to tell fine-tunes apart without reading 60 GB
SAMPLE_BYTES = 4096
HEAD_BYTES = 1 << 16  # where safetensors files say what they hold


def fingerprint(checkpoint: Path, settings: EngineSettings) -> str:
    """Return "fp_" and 16 hex digits: they change when the same request and seed may give other tokens."""
    digest = hashlib.blake2b(digest_size=8)
    # The block size: attention sums over whole blocks, so some sizes round otherwise than others.
    names = (settings.precision, settings.dense_format, settings.kv_cache_dtype, str(settings.block_size))
    digest.update(" ".join((ossian.__version__, version("llguidance"), *names)).encode())  # it masks and forces tokens
    for file in sorted(checkpoint.glob("*.json")):
        digest.update(file.name.encode() + file.read_bytes())
    for file in sorted(checkpoint.glob("*.safetensors")):
        digest.update(file.name.encode() + samples(file))
    return f"fp_{digest.hexdigest()}"


def samples(file: Path) -> bytes:
    """The file's size, its start, and pieces from all over it."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        pieces = [str(size).encode(), opened.read(HEAD_BYTES)]
        for index in range(NUM_SAMPLES):
            opened.seek(size * index // NUM_SAMPLES)
            pieces.append(opened.read(SAMPLE_BYTES))
    return b"".join(pieces)
