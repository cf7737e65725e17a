"""The codec under test, and openai-harmony as its oracle, reading the vocabulary this package ships."""

import os
from importlib.resources import files

import openai_harmony
import pytest

from ossian.harmony.encoding import HarmonyEncoding, load_encoding

os.environ["TIKTOKEN_ENCODINGS_BASE"] = str(files("ossian.harmony"))


@pytest.fixture(scope="session")
def encoding() -> HarmonyEncoding:
    return load_encoding()


@pytest.fixture(scope="session")
def oracle() -> openai_harmony.HarmonyEncoding:
    return openai_harmony.load_harmony_encoding(openai_harmony.HarmonyEncodingName.HARMONY_GPT_OSS)
