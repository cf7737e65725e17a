"""What keys and values of eight bits cost a trained model at depth; docs/reference/settings.md has the figures."""

from pathlib import Path

import numpy as np
import pytest

from ossian.catalog.demonstration import expand
from ossian.harmony.tokenizer import Tokenizer
from tests.engine.embedded.agreement import agreement
from tests.engine.embedded.model_run import ModelRun
from tests.repository import ROOT

pytestmark = pytest.mark.slow  # minutes without AVX

LENGTH, NUM_COMPARED = 4096, 256
MAX_MEAN_KL, MIN_TOP1 = 0.02, 0.93  # of text that it never learned, which shows differences most


def test_eight_bits_give_nearly_the_distribution_of_sixteen(tmp_path: Path) -> None:
    folder = expand(tmp_path)
    pages = (path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "how-to").glob("*.md")))
    tokens = np.array(Tokenizer().encode("\n".join(pages))[:LENGTH], np.int32)
    assert len(tokens) == LENGTH
    compared = list(range(LENGTH - NUM_COMPARED, LENGTH))
    sixteen, eight = (
        ModelRun(folder, max_num_batched_tokens=LENGTH, kv_cache_dtype=dtype).logits_at(tokens, compared)
        for dtype in ("int16", "int8")
    )
    found = agreement([sixteen], [eight])
    print(f"mean KL {found.mean_kl:.2e}, top-1 {found.top1:.3f}")
    assert 0 < found.mean_kl <= MAX_MEAN_KL
    assert found.top1 >= MIN_TOP1
