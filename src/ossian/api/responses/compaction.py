"""Making a history shorter: what `POST /v1/responses/compact` answers, and what that is worth when it comes back.

    history   m1 u1 a1 call result … u9 call10          u: user messages, m: instructions
    turn      the history, without calls that wait for their results, then a request for a summary
    output    m1 … u8 u9  compaction  call10            user messages as they are, newest first while the budget lasts
    next      m1 … u8 u9  summary  call10  result10 …   the compaction item stands for all the rest

The summary is the model's own. It comes back in a user message, never as instructions: it may repeat what a tool said.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from ossian.api.fields import JsonObject
from ossian.api.head import Head
from ossian.api.responses.calls import NewId
from ossian.api.responses.open_items import Conceal
from ossian.errors import InvalidRequestError
from ossian.harmony.grammar import TurnShape
from ossian.harmony.messages import Conversation, Message, Role

MAX_SUMMARY_TOKENS: Final = 4096  # reasoning included
MAX_VERBATIM_TOKENS: Final = 20_000
COMPACTION_SHAPE: Final = TurnShape(max_analysis_tokens=1024)  # no tools: a summary can only be text

SUMMARY_REQUEST: Final = """\
The conversation is about to be shortened: you will go on with it, but of all the above you will only see the user's \
recent messages and what you write now. Write down whatever you need to go on as if nothing had been lost:

- what the user wants, with every constraint and preference they named
- what was done and decided so far, and why; what was tried and did not work
- facts that were found: names, paths, numbers, ids, exact wording where it matters
- what is open, and the next step

Do not answer the user, do not call a tool, and add nothing that was not said."""
SUMMARY_HEADING: Final = "Earlier parts of this conversation were left out. This is what you wrote down about them:"
NO_SUMMARY: Final = "(nothing)"

_MARK: Final = "ossian compaction 1\n"  # tells summaries from reasoning, which is encrypted in the same way
_CALLS: Final = {"function_call", "custom_tool_call"}
_RESULTS: Final = {"function_call_output", "custom_tool_call_output"}


def compaction_turn(history: Conversation) -> Conversation:
    """Return the conversation that makes the model write a summary. All before the last message stays as it is, so
    that what is cached of it is used.
    """
    return replace(history, messages=(*history.messages, Message(Role.USER, SUMMARY_REQUEST)))


def without_open_calls(items: Sequence[JsonObject]) -> tuple[list[JsonObject], list[JsonObject]]:
    """Return a history's items without the calls that have no result yet, and those calls."""
    waiting: dict[str, int] = {}
    for index, item in enumerate(items):
        if item["type"] in _CALLS:
            waiting[item["call_id"]] = index
        elif item["type"] in _RESULTS:
            waiting.pop(item["call_id"], None)
    opened = set(waiting.values())
    return [item for index, item in enumerate(items) if index not in opened], [items[index] for index in sorted(opened)]


def summary_of(response: JsonObject) -> str:
    """Return the summary in the response to a compaction turn: what the model said, or at worst what it thought."""
    said = [text for item in response["output"] if item["type"] == "message" for text in _texts(item)]
    thought = [text for item in response["output"] if item["type"] == "reasoning" for text in _texts(item)]
    return "\n\n".join(said).strip() or "\n\n".join(thought).strip() or NO_SUMMARY


def compacted(
    items: Sequence[JsonObject],
    summary: str,
    *,
    conceal: Conceal,
    new_id: NewId,
    num_tokens: Callable[[str], int],
    max_verbatim_tokens: int = MAX_VERBATIM_TOKENS,
) -> list[JsonObject]:
    """Return the items that stand for a history from now on; `num_tokens` counts those of a text.

    Instructions are all kept. Of the user's messages the newest are, as many as there is room for.
    """
    history, open_calls = without_open_calls(items)
    kept = _kept(history, num_tokens, max_verbatim_tokens)
    compaction = {"type": "compaction", "id": new_id("cmp_"), "encrypted_content": conceal(_MARK + summary)}
    return [*kept, compaction, *open_calls]


def compaction_body(head: Head, output: list[JsonObject], usage: JsonObject) -> JsonObject:
    """Return the answer of `POST /v1/responses/compact`; `usage` is that of the compaction turn's response."""
    return {
        "id": head.id,
        "object": "response.compaction",
        "created_at": head.created,
        "output": output,
        "usage": usage,
    }


def restored(encrypted_content: str, reveal: Callable[[str], str], param: str = "input") -> str:
    """Return what the user message says that a compaction item becomes in a prompt.

    Raises InvalidRequestError, besides what `reveal` raises, for encrypted content of another kind.
    """
    text = reveal(encrypted_content)
    if not text.startswith(_MARK):
        raise InvalidRequestError(
            f"Invalid value for '{param}': this is no compaction's encrypted content. Send the item as it came.",
            param=param,
            code="invalid_encrypted_content",
        )
    return f"{SUMMARY_HEADING}\n\n{text.removeprefix(_MARK)}"


def _kept(items: Sequence[JsonObject], num_tokens: Callable[[str], int], max_tokens: int) -> Iterator[JsonObject]:
    """The messages of users and instructions, in order."""
    kept = {id(item) for item in _newest(_messages_of(items, "user"), num_tokens, max_tokens)}
    kept |= {id(item) for item in _messages_of(items, "developer", "system")}
    return (item for item in items if id(item) in kept)


def _newest(messages: Sequence[JsonObject], num_tokens: Callable[[str], int], max_tokens: int) -> Iterator[JsonObject]:
    for message in reversed(messages):
        max_tokens -= num_tokens("".join(_texts(message)))
        if max_tokens < 0:
            return
        yield message


def _messages_of(items: Iterable[JsonObject], *roles: str) -> list[JsonObject]:
    return [item for item in items if item["type"] == "message" and item["role"] in roles]


def _texts(item: JsonObject) -> Iterator[str]:
    for part in item["content"]:
        yield part.get("text") or part.get("refusal") or ""
