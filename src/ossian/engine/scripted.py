"""The engine double: replays given token ids, so that everything above the engine is tested without a model."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ossian.engine.base import (
    EngineInfo,
    EngineOutput,
    EngineRequest,
    EngineStats,
    FinishReason,
    TokenLogprobs,
    TokenMask,
)
from ossian.errors import ContextLengthError, EngineDeadError, EngineError, EngineOverloadedError

SCRIPTED_INFO = EngineInfo("scripted", 201_088, 131_072, (199_999, 200_002, 200_012), "scripted")
MASKED_INFO = replace(SCRIPTED_INFO, takes_token_masks=True)


@dataclass
class ScriptedEngine:
    """Replays `script`, or what it returns for the prompt's token ids, one token an output.

    A script that ends without a stop token ends with LENGTH. A stream counts as running from its first read on. With
    `draw` and MASKED_INFO, requests with a token mask get what it draws, and what the mask forces, instead.
    """

    script: Sequence[int] | Callable[[Sequence[int]], Sequence[int]]
    info: EngineInfo = SCRIPTED_INFO
    draw: Callable[[NDArray[np.uint32]], int] | None = None  # chooses a token that a mask allows
    delay: float = 0.0  # seconds before each token
    fail_after: int | None = None  # the engine dies where a stream would bring its next token after so many
    max_num_seqs: int = 256  # more running streams: EngineOverloadedError
    num_cached_tokens: int = 0  # said of every request
    requests: list[EngineRequest] = field(default_factory=list)  # admitted so far
    num_running: int = 0
    num_generated_tokens: int = 0
    is_dead: bool = False

    def stats(self) -> EngineStats:
        """Count what was admitted and replayed."""
        return EngineStats(
            num_running=self.num_running,
            num_prompt_tokens=sum(len(request.prompt_token_ids) for request in self.requests),
            num_generated_tokens=self.num_generated_tokens,
            num_cached_tokens=self.num_cached_tokens * len(self.requests),
            num_steps=self.num_generated_tokens,
        )

    def check(self) -> None:
        """Raise EngineDeadError after `fail_after` was reached."""
        if self.is_dead:
            raise EngineDeadError("the scripted engine has failed; start a new one")

    async def start(self) -> None:
        """Do nothing: it is always ready."""

    async def stop(self) -> None:
        """Do nothing: it holds nothing."""

    async def generate(self, request: EngineRequest) -> AsyncGenerator[EngineOutput]:
        """Admit a request as every engine does."""
        self.check()
        num_tokens = len(request.prompt_token_ids)
        if num_tokens >= self.info.max_model_len:
            raise ContextLengthError(f"the prompt has {num_tokens} tokens, the context {self.info.max_model_len}")
        if self.num_running >= self.max_num_seqs:
            raise EngineOverloadedError(f"{self.num_running} requests are running, the most is {self.max_num_seqs}")
        self.requests.append(request)
        return self._replay(request)

    async def _replay(self, request: EngineRequest) -> AsyncGenerator[EngineOutput]:
        self.num_running += 1
        try:
            index = -1
            for index, (token_id, is_last) in enumerate(self._tokens(request)):
                await asyncio.sleep(self.delay)
                if self.is_dead or index == self.fail_after:
                    self.is_dead = True
                    raise EngineError("the scripted engine failed")
                self.num_generated_tokens += 1
                yield self._output(request, token_id, index, is_last=is_last)
            if index < 0:  # max_tokens is 0
                prompt_logprobs = _prompt_logprobs(request)
                yield EngineOutput((), finish_reason=FinishReason.LENGTH, prompt_logprobs=prompt_logprobs)
        finally:
            self.num_running -= 1

    def _tokens(self, request: EngineRequest) -> Iterator[tuple[int, bool]]:
        """Yield each token, and whether it is the last."""
        if self.draw is not None and request.token_mask is not None:
            yield from self._drawn(request, request.token_mask, self.draw)
            return
        token_ids = self._token_ids(request)
        forced: deque[int] = deque()  # what the mask has advanced by already
        for index, token_id in enumerate(token_ids):
            if forced and forced[0] == token_id:
                forced.popleft()
            elif request.token_mask is not None:
                forced = deque(request.token_mask.advance(token_id))
            yield token_id, index == len(token_ids) - 1

    def _drawn(
        self, request: EngineRequest, mask: TokenMask, draw: Callable[[NDArray[np.uint32]], int]
    ) -> Iterator[tuple[int, bool]]:
        left = self._room(request)
        waiting: deque[int] = deque()
        while left > 0:
            if not waiting:
                words = mask.allowed()
                assert words is not None, "a mask that allows everything leaves nothing to draw from"
                token_id = draw(words)
                waiting.extend((token_id, *mask.advance(token_id)))
            left -= 1
            token_id = waiting.popleft()
            is_last = left == 0 or self._is_stop(request, token_id)
            yield token_id, is_last
            if is_last:
                return

    def _room(self, request: EngineRequest) -> int:
        room = self.info.max_model_len - len(request.prompt_token_ids)
        return room if request.sampling.max_tokens is None else min(request.sampling.max_tokens, room)

    def _token_ids(self, request: EngineRequest) -> list[int]:
        """Cut the script at max_tokens and at the first stop token; an empty one brings <|return|>."""
        script = self.script(request.prompt_token_ids) if callable(self.script) else self.script
        token_ids = (list(script) or [200_002])[: self._room(request)]
        is_stop = (index for index, token_id in enumerate(token_ids) if self._is_stop(request, token_id))
        return token_ids[: next(is_stop, len(token_ids)) + 1]

    def _is_stop(self, request: EngineRequest, token_id: int) -> bool:
        sampling = request.sampling
        is_own = token_id in self.info.stop_token_ids and not sampling.ignore_eos
        return is_own or token_id in sampling.stop_token_ids

    def _output(self, request: EngineRequest, token_id: int, index: int, *, is_last: bool) -> EngineOutput:
        is_stop = self._is_stop(request, token_id)
        finish_reason = FinishReason.STOP if is_stop else FinishReason.LENGTH
        num_logprobs = request.sampling.num_logprobs
        return EngineOutput(
            token_ids=(token_id,),
            logprobs=None if num_logprobs is None else (_logprobs(token_id, num_logprobs),),
            finish_reason=finish_reason if is_last else None,
            stop_token_id=token_id if is_stop else None,
            num_cached_tokens=self.num_cached_tokens,
            prompt_logprobs=_prompt_logprobs(request) if index == 0 else None,
        )


def _prompt_logprobs(request: EngineRequest) -> tuple[TokenLogprobs | None, ...] | None:
    num = request.sampling.num_prompt_logprobs
    if num is None:
        return None
    return None, *(_logprobs(token_id, num) for token_id in request.prompt_token_ids[1:])


def _logprobs(token_id: int, num: int) -> TokenLogprobs:
    """The token and its successors, each 0.5 less likely than the one before."""
    top = range(num)
    return TokenLogprobs(token_id, -0.5, tuple(token_id + i for i in top), tuple(-0.5 * (i + 1) for i in top))
