"""Token masks: which tokens a turn's grammar allows next, by llguidance.

grammars = load_grammars()                  once a process: it takes a second and 130 MB
grammar = grammars.compile(shape)           once a request, in milliseconds, by a thread that has room for it
mask = grammar.mask()                       for each of its sequences, in microseconds
mask.allowed(); mask.advance(token_id)      each step

A mask is computed in a thread of its own while the engine runs its next step.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from typing import Final

import llguidance
import numpy as np
from numpy.typing import NDArray

from ossian.errors import EngineError, InvalidRequestError, TokenMaskError
from ossian.harmony import vocabulary
from ossian.harmony.encoding import HarmonyEncoding, load_encoding
from ossian.harmony.grammar import (
    NO_FORCING,
    CustomGrammar,
    FunctionGrammar,
    TurnShape,
    content_grammars,
    turn_grammar,
)
from ossian.harmony.json_schema import locate
from ossian.harmony.schema_tree import path_text
from ossian.harmony.vocabulary import CHANNEL, END, MESSAGE, VOCAB_SIZE

NUM_WORDS: Final = -(-VOCAB_SIZE // 32)
ANALYSIS: Final = 35_644  # the word's one token
MAX_KNOWN_BYTES: Final = 2 << 20  # of the texts of grammars that are known to be enforceable
MAX_BYTES: Final = 5 << 18  # of one turn's grammar: its schemas may have a megabyte together
MAX_DEFINITION_CHARACTERS: Final = 100_000  # of all grammars of a turn's custom tools
MAX_REASON_CHARACTERS: Final = 300

# The compiler goes down from reference to reference and from rule to rule, and a stack that is used up ends the
# process. Of the longest chains that are let through the deepest takes 60 MB; what is not used is no memory.
STACK_BYTES: Final = 256 << 20
NUM_COMPILERS: Final = 2

# A caller's schema is somebody else's program: beyond these it is refused, or its turn ends as cut off.
_limits: Final = partial(
    llguidance.LLParserLimits,
    max_items_in_row=4_000,
    max_lexer_states=50_000,
    step_lexer_fuel=100_000,
    verbose_errors=False,
)
LIMITS: Final = _limits()
# Terminals can double each other; time and memory grow with the square of what they come to.
GRAMMAR_LIMITS: Final = _limits(initial_lexer_fuel=30_000)


class TurnGrammars:
    """Compiles turn grammars and gives each sequence its mask. Safe to share between threads."""

    def __init__(self, encoding: HarmonyEncoding) -> None:
        self._encode = encoding.encode
        self._tokenizer = llguidance.LLTokenizer.from_tiktoken(  # type: ignore[attr-defined]  # left out of its stub
            encoder=encoding.ranks,
            special_tokens=vocabulary.special_tokens(),
            pattern=vocabulary.SPLIT_PATTERN,
            eos_token=[vocabulary.END_OF_TEXT],
            n_vocab=VOCAB_SIZE,
        )
        self._compilers = ThreadPoolExecutor(NUM_COMPILERS, thread_name_prefix="ossian-grammar")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ossian-mask")
        self._lock = threading.Lock()
        self._enforceable: OrderedDict[str, None] = OrderedDict()  # grammars; the longest unused is the first
        self._num_bytes = 0

    def compile(self, shape: TurnShape) -> "TurnGrammar":
        """Return a turn's grammar. No two requests share one: a matcher and its copies grow together, so one request
        that meets a limit would have met it for all others.

        A huge schema takes seconds. Raises InvalidRequestError for what cannot be enforced.
        """
        return self.submit(shape).result()

    def submit(self, shape: TurnShape) -> "Future[TurnGrammar]":
        """Compile in a thread with a large stack, of which there are few: whoever waits for one should hold no other.

        The size is the process's: other threads that start meanwhile get it too.
        """
        with self._lock:
            usual = threading.stack_size(STACK_BYTES)
            try:
                return self._compilers.submit(self._compiled, shape)
            finally:
                threading.stack_size(usual)

    def _compiled(self, shape: TurnShape) -> "TurnGrammar":
        _check_size(shape)
        text = turn_grammar(shape, self._encode)
        try:
            matcher = self._compile(shape, text)
        except Exception:
            raise
        except BaseException as error:  # a panic in Rust, which nobody who waits for this would take for an error
            raise EngineError(f"the grammar cannot be compiled: {error!r}") from error
        self._note_enforceable(text)
        return TurnGrammar(matcher, self._thread, shape.max_analysis_tokens)

    def _note_enforceable(self, text: str) -> None:
        with self._lock:
            self._num_bytes += 0 if text in self._enforceable else len(text)
            self._enforceable[text] = None
            self._enforceable.move_to_end(text)
            while self._num_bytes > MAX_KNOWN_BYTES:
                self._num_bytes -= len(self._enforceable.popitem(last=False)[0])

    def _compile(self, shape: TurnShape, grammar: str) -> llguidance.LLMatcher:
        """Compile a turn. The first time each constrained content is tried alone, to name what cannot be enforced."""
        with self._lock:
            is_known = grammar in self._enforceable
        if not is_known:
            self._try_contents(shape)
        matcher = self._matcher(grammar, LIMITS)
        if matcher.is_error():
            message = f"The tools and formats of this request cannot be enforced: {reason_of(matcher)}."
            raise InvalidRequestError(message, code="invalid_value")
        return matcher

    def _try_contents(self, shape: TurnShape) -> None:
        """Raise InvalidRequestError for the content that cannot be enforced, if there is one."""
        contents = list(content_grammars(shape))
        for name, content in contents:
            if error := self._error(content):
                raise self._refused(shape, name, content, error)
        definitions = [content for _, content in contents if "lark_grammar" in content]
        if len(definitions) > 1 and (error := self._error(*definitions)):
            message = f"The grammars of the custom tools cannot be enforced together: {error}."
            raise InvalidRequestError(message, param="tools", code="invalid_value")

    def _error(self, *contents: Mapping[str, object]) -> str:
        """Why contents cannot be enforced, "" if they can: what compiles may still fail at its first mask."""
        names = [f"content_{index}" for index in range(len(contents))]
        start = f"{NO_FORCING}start: {' | '.join(f'@{name}' for name in names)}"
        named = [{"name": name, **content} for name, content in zip(names, contents, strict=True)]
        grammar = json.dumps({"grammars": [{"lark_grammar": start}, *named]}, ensure_ascii=False)
        is_callers = any("lark_grammar" in content for content in contents)
        matcher = self._matcher(grammar, GRAMMAR_LIMITS if is_callers else LIMITS)
        if matcher.is_error():
            return reason_of(matcher)
        words = np.zeros(NUM_WORDS, np.uint32)
        matcher.unsafe_compute_mask_ptr(words.ctypes.data, words.nbytes)
        if matcher.is_error():
            return reason_of(matcher)
        return "" if words.any() else "nothing can fulfil it"

    def _matcher(self, grammar: str, limits: llguidance.LLParserLimits) -> llguidance.LLMatcher:
        return llguidance.LLMatcher(self._tokenizer, grammar, log_level=0, limits=limits)

    def _refused(self, shape: TurnShape, name: str, content: Mapping[str, object], error: str) -> InvalidRequestError:
        param = shape.final_param if name == "answer" else shape.tools[int(name.removeprefix("input_"))].param
        schema = content.get("json_schema")
        if isinstance(schema, Mapping):
            param = path_text(param, locate(schema, error, lambda each: self._error({"json_schema": each})))
        code = "invalid_json_schema" if isinstance(schema, Mapping) else "invalid_value"
        message = f"Invalid value for '{param}': this cannot be enforced: {error}."
        return InvalidRequestError(message, param=param or None, code=code)


def _check_size(shape: TurnShape) -> None:
    """Raise InvalidRequestError for schemas and grammars that are too large together."""
    schemas = [shape.final_schema, *(tool.schema for tool in shape.tools if isinstance(tool, FunctionGrammar))]
    num_bytes = sum(len(json.dumps(schema)) for schema in schemas if schema is not None)
    definitions = [tool.definition for tool in shape.tools if isinstance(tool, CustomGrammar)]
    for what, num, limit in (
        ("schemas of this request have {} bytes", num_bytes, MAX_BYTES),
        ("grammars of this request's tools have {} characters", sum(map(len, definitions)), MAX_DEFINITION_CHARACTERS),
    ):
        if num > limit:
            raise InvalidRequestError(f"The {what.format(num)} together, the most is {limit}.", code="invalid_value")


class TurnGrammar:
    """A compiled turn of one request."""

    def __init__(
        self, matcher: llguidance.LLMatcher, thread: ThreadPoolExecutor, max_analysis_tokens: int | None
    ) -> None:
        self._matcher = matcher
        self._thread = thread
        self._max_analysis_tokens = max_analysis_tokens

    def mask(self, *, forces: bool = True) -> "GrammarMask":
        """Return the mask of one choice. With `forces` it says which tokens must come, for nobody to sample them."""
        return GrammarMask(self._matcher.deep_copy(), self._thread, self._max_analysis_tokens, forces=forces)


@cache
def load_grammars() -> TurnGrammars:
    """Return the process's one TurnGrammars; the first call takes about a second, in which no other thread runs."""
    return TurnGrammars(load_encoding())


class GrammarMask:
    """The TokenMask of one sequence."""

    def __init__(
        self,
        matcher: llguidance.LLMatcher,
        thread: ThreadPoolExecutor,
        max_analysis_tokens: int | None,
        *,
        forces: bool,
    ) -> None:
        self._matcher = matcher
        self._thread = thread
        self._forces = forces
        self._analysis = _AnalysisBudget(max_analysis_tokens)
        self._words = np.empty(NUM_WORDS, np.uint32)
        self._computed: Future[None] = thread.submit(self._compute)

    def allowed(self) -> NDArray[np.uint32]:
        """Return the mask, `[ceil(vocab_size / 32)]`, once it is computed. Raises TokenMaskError past a limit."""
        self._computed.result()
        return self._words

    def advance(self, token_id: int) -> Sequence[int]:
        """Take a token, and the tokens that must follow it, which are returned. Raises TokenMaskError."""
        self._computed.result()  # nobody may touch the matcher meanwhile
        self._consume(token_id)
        forced: list[int] = self._matcher.compute_ff_tokens() if self._forces else []
        for each in forced:
            self._consume(each)
        if not self._matcher.is_stopped():
            self._computed = self._thread.submit(self._compute)
        return forced

    def _compute(self) -> None:
        self._matcher.unsafe_compute_mask_ptr(self._words.ctypes.data, self._words.nbytes)
        self._check()
        self._analysis.limit(self._words)

    def _consume(self, token_id: int) -> None:
        self._matcher.consume_token(token_id)
        self._check()
        self._analysis.advance(token_id)

    def _check(self) -> None:
        if self._matcher.is_error():
            raise TokenMaskError(reason_of(self._matcher))


class _AnalysisBudget:
    """Closes the analysis when its tokens are used up; the 0 to 3 tokens that finish a character come on top."""

    def __init__(self, num_tokens: int | None) -> None:
        self._left = num_tokens
        self._is_open = False  # in the content of an analysis message
        self._header = (-1, -1)  # the last two tokens

    def advance(self, token_id: int) -> None:
        if self._left is None:
            return
        self._left -= self._is_open and token_id != END
        if token_id == MESSAGE:
            self._is_open = self._header == (CHANNEL, ANALYSIS)
        elif token_id == END:
            self._is_open = False
        self._header = (self._header[1], token_id)

    def limit(self, words: NDArray[np.uint32]) -> None:
        """Leave <|end|> only inside a spent analysis, and let no other begin."""
        if self._left is None or self._left > 0:
            return
        if self._header[1] == CHANNEL:
            words[ANALYSIS // 32] &= ~bit(ANALYSIS)
        elif self._is_open and words[END // 32] & bit(END):
            words[:] = 0
            words[END // 32] = bit(END)


def bit(token_id: int) -> np.uint32:
    """A token's bit in its word of a mask."""
    return np.uint32(1 << (token_id % 32))


def reason_of(matcher: llguidance.LLMatcher) -> str:
    """What went wrong, in one line: the others show a grammar that the caller never saw."""
    first, *others = matcher.get_error().strip().splitlines()
    reasons = (line.removeprefix("error: ") for line in others if line.startswith("error: "))
    return ": ".join(each.rstrip(".:")[:MAX_REASON_CHARACTERS] for each in (first, *reasons))
