"""Hugging Face's GptOssForCausalLM over one of our tiny checkpoints. Needs torch and transformers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import GptOssConfig, GptOssForCausalLM
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

from tests.engine.embedded.checkpoints import Tensors


class HuggingFaceModel:
    """The oracle, in float32 or bfloat16, on the CPU."""

    def __init__(self, config: Mapping[str, Any], tensors: Tensors, dtype: torch.dtype) -> None:
        values = {key: value for key, value in config.items() if key != "quantization_config"}
        with torch.device("meta"):
            model = GptOssForCausalLM(GptOssConfig(**values, attn_implementation="eager"))
        model = model.to_empty(device="cpu").to(dtype).eval()
        model.load_state_dict(state_dict(tensors, dtype), strict=True)
        reset_rope(model)
        self._model = model

    def forward(self, input_ids: NDArray[Any]) -> NDArray[np.float32]:
        """Logits of every position of one sequence.  # [num_tokens, vocab_size]"""
        ids = torch.from_numpy(input_ids.astype(np.int64))[None]
        with torch.inference_mode():
            logits = self._model(input_ids=ids, use_cache=False).logits[0]
        return np.asarray(logits.float().numpy())


def state_dict(tensors: Tensors, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """The checkpoint as plain tensors; transformers' own converter reads the MXFP4 layout."""
    state = {}
    for name, tensor in tensors.items():
        if name.endswith("_blocks"):
            scales = torch.from_numpy(tensors[name.removesuffix("blocks") + "scales"])
            state[name.removesuffix("_blocks")] = convert_moe_packed_tensors(
                torch.from_numpy(tensor),
                scales,
                dtype=torch.bfloat16,  # lossless
            ).to(dtype)
        elif not name.endswith("_scales"):
            state[name] = torch.from_numpy(tensor.view(np.int16)).view(torch.bfloat16).to(dtype)
    return state


def reset_rope(model: GptOssForCausalLM) -> None:
    """Compute RoPE's buffers, which are in no checkpoint and must stay float32."""
    rope = model.model.rotary_emb
    model.model.rotary_emb = type(rope)(model.config)
