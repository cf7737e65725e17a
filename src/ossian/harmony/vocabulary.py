"""The vocabulary o200k_harmony: the bytes of every token id, and the ids that are structure rather than text.

The 199,998 ordinary tokens are o200k_base's, shipped in this package; nothing is fetched. Ids from 199998 to 201087
are special tokens, most of them reserved.
"""

import hashlib
from binascii import a2b_base64
from importlib.resources import files
from itertools import count
from typing import Final

from ossian.errors import ConfigurationError

FILE_NAME: Final = "o200k_base.tiktoken"
SHA256: Final = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
_WAY_OUT: Final = "Reinstall ossian."

NUM_ORDINARY_TOKENS: Final = 199_998
VOCAB_SIZE: Final = 201_088

START_OF_TEXT: Final = 199_998
END_OF_TEXT: Final = 199_999
RETURN: Final = 200_002
CONSTRAIN: Final = 200_003
CHANNEL: Final = 200_005
START: Final = 200_006
END: Final = 200_007
MESSAGE: Final = 200_008
CALL: Final = 200_012
END_OF_PROMPT: Final = 200_018

SPLIT_PATTERN: Final = "|".join(
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)

_NAMED: Final = {
    START_OF_TEXT: "startoftext",
    END_OF_TEXT: "endoftext",
    RETURN: "return",
    CONSTRAIN: "constrain",
    CHANNEL: "channel",
    START: "start",
    END: "end",
    MESSAGE: "message",
    CALL: "call",
    END_OF_PROMPT: "endofprompt",
}


def special_tokens() -> dict[str, int]:
    """Every special token with its id, reserved ones included: `{"<|start|>": 200006, …}`."""
    ids = range(NUM_ORDINARY_TOKENS, VOCAB_SIZE)
    return {f"<|{_NAMED.get(token_id, f'reserved_{token_id}')}|>": token_id for token_id in ids}


def load_ranks() -> dict[bytes, int]:
    """Read the ordinary tokens: bytes to id, in order of id.

    Raises ConfigurationError when the file is missing or damaged.
    """
    try:
        content = files(__package__).joinpath(FILE_NAME).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"The vocabulary {FILE_NAME} cannot be read: {error}. {_WAY_OUT}") from error
    return parse_ranks(content)


def parse_ranks(content: bytes) -> dict[bytes, int]:
    """Parse the vocabulary file: lines of a base64 token and its id, which counts from 0.

    Raises ConfigurationError unless it is exactly the file this package was built with.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise ConfigurationError(f"{FILE_NAME} is damaged: sha256 {found}, expected {SHA256}. {_WAY_OUT}")
    return dict(zip(map(a2b_base64, content.split()[::2]), count()))
