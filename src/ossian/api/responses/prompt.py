"""The way in: a request for a response, and the items before it, become a harmony conversation and sampling parameters.

    message             user, developer, or assistant: on `commentary` where a call follows, else on `final`
    reasoning           assistant, on `analysis`; harmony drops it once a final message follows
    function_call, …    assistant to functions.NAME, on `commentary`
    …_call_output       functions.NAME to assistant
    compaction          user: what the model wrote down of the history it stands for

Items of tools that the server cannot run are left out, and so are calls that were cut off.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TypeAlias

from ossian.api.grammars import custom_description
from ossian.api.instructions import joined, wanted_call
from ossian.api.responses.call_results import Result, calls_of, place_of, unanswered_calls
from ossian.api.responses.calls import Call
from ossian.api.responses.compaction import restored
from ossian.api.responses.items import CompactionItem, InputItem, ReasoningItem
from ossian.api.responses.messages import AssistantMessage, InputMessage
from ossian.api.responses.schema import LOGPROBS, ConversationFields, JsonSchemaForm, ResponseRequest
from ossian.api.responses.shape import final_schema
from ossian.api.responses.tool_choice import must_call, names_wanted
from ossian.api.responses.tools import CustomTool, NamespaceTool, Offer
from ossian.engine.base import EngineInfo, SamplingParams
from ossian.errors import InvalidRequestError
from ossian.harmony.messages import FUNCTIONS, Channel, Conversation, Message, ResponseFormat, Role, Tool, ToolNamespace

Reveal: TypeAlias = Callable[[str], str]
Recall: TypeAlias = Callable[[str], str | None]


def conversation(
    request: ConversationFields,
    items: Sequence[InputItem],
    today: date | None,
    reveal: Reveal,
    recall: Recall = lambda _call_id: None,
    *,
    num_history: int = 0,
) -> Conversation:
    """Return what the model is told.

    `items` are all items of the conversation, the first `num_history` of them not the request's own. The leading
    system and developer messages are instructions; later ones stay where they are. `reveal` decrypts.
    `recall` knows the reasoning that led to a call, by its id, for clients that do not send it back. Raises
    InvalidRequestError for encrypted content that is not this server's.
    """
    leading = _leading_instructions(items)
    wish = wanted_call(names_wanted(request.tools, request.tool_choice)) if must_call(request.tool_choice) else ()
    turns = _Turns(items, reveal, recall, num_history)
    return Conversation(
        messages=tuple(turns.messages(len(leading))),
        instructions=joined([request.instructions, *leading, *wish]),
        tools=tuple(_namespace(request)),
        reasoning_effort=request.effort,
        current_date=today,
        response_format=_response_format(request),
    )


def sampling(request: ResponseRequest, info: EngineInfo) -> SamplingParams:
    """Return how the engine is to sample. Raises InvalidRequestError for token ids outside the vocabulary."""
    return request.params(
        info,
        max_tokens=request.max_output_tokens,
        num_logprobs=(request.top_logprobs or 0) if LOGPROBS in request.included else None,
        num_prompt_logprobs=None,
    )


def _leading_instructions(items: Sequence[InputItem]) -> list[str]:
    texts = []
    for item in items:
        if not (isinstance(item, InputMessage) and item.is_instruction):
            break
        texts.append(item.text)
    return texts


def _namespace(request: ConversationFields) -> Iterator[ToolNamespace]:
    if offers := request.offered:
        yield ToolNamespace(FUNCTIONS, tuple(map(_tool, offers)), "\n".join(_namespace_descriptions(request)))


def _namespace_descriptions(request: ConversationFields) -> Iterator[str]:
    """What the model, which has all functions in one namespace, is told of the request's own."""
    shown = {offer.namespace for offer in request.offered}
    for tool in request.tools or ():
        if isinstance(tool, NamespaceTool) and tool.name in shown and tool.description:
            yield f"{tool.name}: {tool.description}"


def _tool(offer: Offer) -> Tool:
    if isinstance(offer.tool, CustomTool):
        return Tool(offer.name, custom_description(offer.tool.description, offer.tool.grammar), {"type": "string"})
    return Tool(offer.name, offer.tool.description or "", offer.tool.parameters or None)


def _response_format(request: ConversationFields) -> ResponseFormat | None:
    schema, _ = final_schema(request)
    if schema is None:
        return None
    named = request.text and request.text.format
    if isinstance(named, JsonSchemaForm):
        return ResponseFormat(named.name, schema, named.description or "")
    return ResponseFormat("json_object", schema)


class _Turns:
    """Writes items as harmony's messages."""

    def __init__(self, items: Sequence[InputItem], reveal: Reveal, recall: Recall, num_history: int) -> None:
        self._items = items
        self._reveal = reveal
        self._recall = recall
        self._num_history = num_history
        self._left_out = unanswered_calls(items)
        self._preambles = preambles(items)
        self._names: dict[str, str] = {}  # of the functions that were called, by call id
        self._has_reasoning = False  # whether the model's reasoning since the last input is there

    def messages(self, first_index: int) -> Iterator[Message]:
        """Yield the messages of the items from an index on."""
        for index in range(first_index, len(self._items)):
            item = self._items[index]
            if isinstance(item, InputMessage | Result):
                self._has_reasoning = False
                yield from self._input(item)
            elif isinstance(item, ReasoningItem):
                yield from self._reasoning(index, item)
            elif isinstance(item, CompactionItem):
                self._has_reasoning = False
                yield Message(Role.USER, self._revealed(index, item.encrypted_content, self._restore))
            elif isinstance(item, AssistantMessage):
                yield from self._said(index, item)
            if index not in self._left_out:
                for call in calls_of(item):
                    yield from self._call(call)

    def _input(self, item: InputMessage | Result) -> Iterator[Message]:
        if isinstance(item, InputMessage):
            yield Message(Role.DEVELOPER if item.is_instruction else Role.USER, item.text)
        elif item.call_id in self._names:
            name = f"{FUNCTIONS}.{self._names[item.call_id]}"
            yield Message(Role.TOOL, item.text, name=name, channel=Channel.COMMENTARY)

    def _said(self, index: int, item: AssistantMessage) -> Iterator[Message]:
        if item.thought:
            self._has_reasoning = True
            yield Message(Role.ASSISTANT, item.thought, channel=Channel.ANALYSIS)
        if item.text or not item.calls:
            channel = Channel.COMMENTARY if index in self._preambles else Channel.FINAL
            yield Message(Role.ASSISTANT, item.text, channel=channel)

    def _reasoning(self, index: int, item: ReasoningItem) -> Iterator[Message]:
        text = item.text if item.secret is None else self._revealed(index, item.secret, self._reveal)
        if text:
            self._has_reasoning = True
            yield Message(Role.ASSISTANT, text, channel=Channel.ANALYSIS)

    def _restore(self, secret: str) -> str:
        return restored(secret, self._reveal)

    def _revealed(self, index: int, secret: str, reveal: Reveal) -> str:
        try:
            return reveal(secret)
        except InvalidRequestError as error:
            place = place_of(index, self._num_history)
            param = place if place == "input" else f"{place}.encrypted_content"
            raise InvalidRequestError(error.message, param=param, code=error.code) from error

    def _call(self, call: Call) -> Iterator[Message]:
        if not self._has_reasoning and (recalled := self._recall(call.call_id)):
            self._has_reasoning = True
            yield Message(Role.ASSISTANT, recalled, channel=Channel.ANALYSIS)
        self._names[call.call_id] = call.flat_name
        yield Message(
            Role.ASSISTANT,
            call.text,
            channel=Channel.COMMENTARY,
            recipient=f"{FUNCTIONS}.{call.flat_name}",
            content_type="<|constrain|>json" if call.kind == "function" else "code",
        )


def preambles(items: Sequence[InputItem]) -> set[int]:
    """Return the indexes of what the assistant said on the way to a call, or while one is open.

    A `phase` says it; without one, what matters is what comes next: a call or a result, or else somebody's message.
    """
    found = set()
    is_under_way = False
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        if isinstance(item, InputMessage):
            is_under_way = False
        elif isinstance(item, Result) or calls_of(item):
            is_under_way = True
        if isinstance(item, AssistantMessage):
            is_commentary = item.phase == "commentary" or (item.phase is None and is_under_way)
            if is_commentary or item.calls:
                found.add(index)
    return found
