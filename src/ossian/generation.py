"""One assistant turn, from conversation to events: render → engine.generate → parse, with usage counted.

Read this first: it is where the halves of Ossian meet. It knows no HTTP and no OpenAI formats.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from ossian.engine.base import (
    Engine,
    EngineOutput,
    EngineRequest,
    EngineStream,
    FinishReason,
    SamplingParams,
    TokenLogprobs,
    TokenMask,
)
from ossian.errors import ContextLengthError, EngineError, InvalidRequestError
from ossian.harmony.encoding import HarmonyEncoding
from ossian.harmony.events import (
    Finished,
    HarmonyEvent,
    MessageStart,
    TextDelta,
    TokenChoice,
    TokenText,
    TurnEvent,
    Usage,
)
from ossian.harmony.grammar import TurnShape
from ossian.harmony.messages import Channel, Conversation
from ossian.harmony.plain_text import PlainTextReader
from ossian.harmony.stop_strings import StopStringMatcher
from ossian.harmony.token_mask import TurnGrammar, load_grammars
from ossian.harmony.vocabulary import END

MAX_PROMPT_LOGPROBS: Final = 262_144  # of a prompt: twice the tokens of the longest context


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """An assistant turn to generate. Turns of the same conversation can share what `Generation.render` made of it,
    and what `Generation.compile` made of their shape. Engines that take token masks keep to it.
    """

    request_id: str
    conversation: Conversation | Sequence[int]
    sampling: SamplingParams = SamplingParams()
    cache_salt: str = ""
    shape: TurnShape | TurnGrammar = field(default_factory=TurnShape)


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A raw continuation to generate: no harmony, the prompt is used as it is."""

    request_id: str
    prompt: str | Sequence[int]
    sampling: SamplingParams = SamplingParams()
    cache_salt: str = ""


class Generation:
    """Generates turns with one engine. With an engine that takes token masks, making one takes a second."""

    def __init__(self, engine: Engine, encoding: HarmonyEncoding) -> None:
        self.engine = engine
        self.encoding = encoding
        self._grammars = load_grammars() if engine.info.takes_token_masks else None

    async def turn(self, request: TurnRequest) -> "TurnStream":
        """Admit a turn; nobody comes in between when it is rendered and compiled already. Raises what `Engine.generate`
        raises, before any event.
        """
        prompt = request.conversation
        if isinstance(prompt, Conversation):
            prompt = await self.render(prompt)
        grammar = request.shape
        if isinstance(grammar, TurnShape):
            grammar = await self.compile(grammar)
        admitted = EngineRequest(
            request.request_id,
            prompt,
            request.sampling,
            self._mask(request, grammar),
            request.cache_salt,
            snapshot_positions=(self.encoding.preamble_len(prompt),),
            snapshot_token_ids=(END,),  # a call is rendered in one way, and generated in several
        )
        stream = await self._admit(admitted, "messages")
        return TurnStream(stream, self.encoding.parser(), self.encoding, request.sampling, len(prompt))

    async def text(self, request: TextRequest) -> "TurnStream":
        """Admit a raw continuation: its events are text deltas only, then Finished. As `turn` otherwise."""
        prompt = request.prompt
        if isinstance(prompt, str):
            prompt = await self.encode(prompt)
        admitted = EngineRequest(request.request_id, prompt, request.sampling, cache_salt=request.cache_salt)
        stream = await self._admit(admitted, "prompt")
        return TurnStream(stream, PlainTextReader(self.encoding), self.encoding, request.sampling, len(prompt))

    async def compile(self, shape: TurnShape) -> "TurnShape | TurnGrammar":
        """Return a turn's shape ready for use, while others are served. Raises InvalidRequestError for what cannot be
        enforced; an engine that takes no token masks enforces nothing.
        """
        if self._grammars is None:
            return shape
        return await asyncio.wrap_future(self._grammars.submit(shape))

    async def render(self, conversation: Conversation) -> Sequence[int]:
        """Return the prompt of a turn, while others are served. Raises InvalidRequestError."""
        return await asyncio.to_thread(self.encoding.render, conversation)

    async def encode(self, text: str) -> Sequence[int]:
        """Return the prompt of a continuation, while others are served."""
        return await asyncio.to_thread(self.encoding.encode, text)

    def _mask(self, request: TurnRequest, grammar: TurnShape | TurnGrammar) -> TokenMask | None:
        """The turn's token mask. With logprobs, which are the model's own, what is forced is sampled all the same."""
        if isinstance(grammar, TurnShape) or request.sampling.ignore_eos:  # which goes past the turn
            return None
        return grammar.mask(forces=request.sampling.num_logprobs is None)

    async def _admit(self, request: EngineRequest, param: str) -> EngineStream:
        max_model_len = self.engine.info.max_model_len
        check_fits(len(request.prompt_token_ids), request.sampling.max_tokens, max_model_len, param)
        return await self.engine.generate(request)


def check_fits(num_prompt_tokens: int, max_tokens: int | None, max_model_len: int, param: str) -> None:
    """Raise ContextLengthError, with the numbers, unless prompt and requested output fit the context together."""
    num_tokens = num_prompt_tokens + (max_tokens or 1)
    if num_tokens <= max_model_len:
        return
    output = f"{max_tokens} in the completion" if max_tokens else "and at least one to generate"
    raise ContextLengthError(
        f"This model's maximum context length is {max_model_len} tokens. However, you requested {num_tokens} tokens "
        f"({num_prompt_tokens} in the {param}, {output}). Please reduce the length of the {param} or completion.",
        param=param,
    )


def check_prompt_logprobs(num_prompt_tokens: int, num_prompt_logprobs: int | None, param: str) -> None:
    """Raise InvalidRequestError when a prompt's log probabilities would be so many that others wait for them."""
    num = 0 if num_prompt_logprobs is None else num_prompt_tokens * (num_prompt_logprobs + 1)
    if num > MAX_PROMPT_LOGPROBS:
        raise InvalidRequestError(
            f"A prompt of {num_prompt_tokens} tokens has {num} log probabilities with '{param}' at "
            f"{num_prompt_logprobs}; the most is {MAX_PROMPT_LOGPROBS}. Ask for fewer, or make the prompt shorter.",
            param=param,
            code="invalid_value",
        )


class TokenReader(Protocol):
    """Turns token ids into events, one token at a time."""

    @property
    def channel(self) -> Channel | None:
        """The channel of the message whose content is being read; None outside content."""
        ...

    def feed(self, token_id: int) -> list[HarmonyEvent]: ...

    def finish(self) -> list[HarmonyEvent]: ...


class TurnStream:
    """The events of an admitted turn; the last is Finished. Closing it early aborts the turn."""

    def __init__(
        self,
        stream: EngineStream,
        reader: TokenReader,
        encoding: HarmonyEncoding,
        sampling: SamplingParams,
        num_prompt_tokens: int,
    ) -> None:
        self._stream = stream
        self._reader = reader
        self._encoding = encoding
        self._sampling = sampling
        self._stop = StopStringMatcher(sampling.stop)
        self._is_searched = reader.channel is Channel.FINAL  # whether stop strings end the text that comes
        self._num_prompt_tokens = num_prompt_tokens
        self._num_cached_tokens = 0
        self._token_ids: list[int] = []
        self._num_reasoning_tokens = 0
        self._prompt_choices: tuple[TokenChoice | None, ...] | None = None
        self._ready: deque[TurnEvent] = deque()
        self._has_begun = False
        self._is_finished = False

    def __aiter__(self) -> "TurnStream":
        return self

    async def __anext__(self) -> TurnEvent:
        while not self._ready:
            if self._is_finished:
                raise StopAsyncIteration
            await self._read(await anext(self._stream))
        return self._ready.popleft()

    @property
    def usage(self) -> Usage:
        """What the turn has used so far: nothing before the engine's first output."""
        if not self._has_begun:
            return Usage()
        return Usage(self._num_prompt_tokens, self._num_cached_tokens, len(self._token_ids), self._num_reasoning_tokens)

    async def aclose(self) -> None:
        """Abort the turn if it is still running. Closing twice is fine."""
        self._is_finished = True
        self._ready.clear()
        await self._stream.aclose()

    async def _read(self, output: EngineOutput) -> None:
        """Turn one engine output into events; tokens after a matched stop string are left out, and not counted."""
        self._has_begun = True
        self._note_prompt(output)
        for index, token_id in enumerate(output.token_ids):
            if index == len(output.token_ids) - 1 and self._is_unsaid(output):
                self._count(token_id, self._reader.channel)
                break
            self._ready.extend(
                self._stopped(self._events(token_id, output.logprobs[index] if output.logprobs else None))
            )
            if self._stop.matched is not None:
                await self._stream.aclose()
                return self._finish("stop", self._stop.matched)
        if output.finish_reason is not None:
            self._finish(*self._reasons(output))

    def _note_prompt(self, output: EngineOutput) -> None:
        self._num_cached_tokens = max(self._num_cached_tokens, output.num_cached_tokens)
        if output.prompt_logprobs is not None:
            self._prompt_choices = tuple(self._choice(each) if each else None for each in output.prompt_logprobs)

    def _events(self, token_id: int, logprobs: TokenLogprobs | None) -> list[HarmonyEvent]:
        """The events of one token: counted, and with its log probabilities when it is content."""
        before = self._reader.channel
        events = self._reader.feed(token_id)
        is_content = before is not None and self._reader.channel is before
        self._count(token_id, before if is_content else None)
        if logprobs is None or not is_content:
            return events
        text = "".join(event.text for event in events if isinstance(event, TextDelta))
        return [TextDelta(text, (self._choice(logprobs),))]

    def _count(self, token_id: int, channel: Channel | None) -> None:
        """Count a token of a channel's content, or one that is no content."""
        self._token_ids.append(token_id)
        self._num_reasoning_tokens += channel is Channel.ANALYSIS

    def _stopped(self, events: Iterable[HarmonyEvent]) -> Iterator[HarmonyEvent]:
        """Pass events on, what is said through the stop strings. Reasoning and tool calls are not searched."""
        for event in events:
            if isinstance(event, TextDelta):
                yield from self._stop.push(event) if self._is_searched else (event,)
                continue
            yield from self._stop.flush()
            self._is_searched = isinstance(event, MessageStart) and _is_shown(event)
            yield event

    def _finish(self, finish_reason: str, stop_reason: str | int | None) -> None:
        self._ready.extend(self._stopped(self._reader.finish()))
        self._ready.extend(self._stop.flush())
        self._ready.append(
            Finished(finish_reason, stop_reason, self.usage, self._prompt_choices, tuple(self._token_ids))
        )
        self._is_finished = True

    def _reasons(self, output: EngineOutput) -> tuple[str, str | int | None]:
        """The finish reason, and the caller's own stop token when that is what ended the turn."""
        if output.finish_reason not in (FinishReason.STOP, FinishReason.LENGTH):
            raise EngineError(f"The engine ended the request: {output.finish_reason}.")
        return output.finish_reason.value, output.stop_token_id if self._is_at_callers_stop(output) else None

    def _is_at_callers_stop(self, output: EngineOutput) -> bool:
        """Whether the turn ended at a stop token of the caller that is not the model's own."""
        is_models = output.stop_token_id in self._encoding.stop_token_ids and not self._sampling.ignore_eos
        return output.stop_token_id in self._sampling.stop_token_ids and not is_models

    def _is_unsaid(self, output: EngineOutput) -> bool:
        """Whether an output's last token is text that, like a stop string, ends the turn without being part of it."""
        token_id = output.stop_token_id
        is_text = token_id is not None and not self._encoding.is_special(token_id) and self._reader.channel is not None
        return is_text and self._is_at_callers_stop(output)

    def _choice(self, logprobs: TokenLogprobs) -> TokenChoice:
        top = zip(logprobs.top_ids, logprobs.top_logprobs, strict=True)
        return TokenChoice(
            self._text(logprobs.token_id, logprobs.logprob),
            tuple(self._text(token_id, value) for token_id, value in top),
        )

    def _text(self, token_id: int, logprob: float) -> TokenText:
        return TokenText(token_id, self._encoding.token_bytes(token_id), logprob)


def _is_shown(message: MessageStart) -> bool:
    """Whether a message is for the user: a preamble or the answer."""
    return message.channel is not Channel.ANALYSIS and message.recipient is None
