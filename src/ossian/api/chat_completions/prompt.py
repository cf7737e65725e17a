"""The way in: a chat completion request becomes a harmony conversation and sampling parameters."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TypeAlias

from ossian.api.chat_completions.messages import (
    AssistantMessage,
    ChatMessage,
    DeveloperMessage,
    FunctionCall,
    FunctionMessage,
    SystemMessage,
    ToolContent,
    ToolMessage,
    calls_of,
    text_of,
)
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.shape import final_schema
from ossian.api.chat_completions.tools import (
    CustomTool,
    ToolChoice,
    chosen_names,
    must_call,
    offered,
)
from ossian.api.chat_completions.tools import Tool as OfferedTool
from ossian.api.grammars import custom_description
from ossian.api.instructions import joined, wanted_call
from ossian.engine.base import EngineInfo, SamplingParams
from ossian.harmony.messages import FUNCTIONS, Channel, Conversation, Message, ResponseFormat, Role, Tool, ToolNamespace

Recall: TypeAlias = Callable[[str], str | None]


def conversation(
    request: ChatCompletionRequest, today: date | None, recall: Recall = lambda _call_id: None
) -> Conversation:
    """Return what the model is told.

    The leading system and developer messages are its instructions; later ones stay where they are. `recall` knows the
    reasoning that led to a tool call, by the call's id, for clients that do not send it back.
    """
    leading = _leading_instructions(request.messages)
    tools = offered(request.all_tools, request.choice).values()
    return Conversation(
        messages=tuple(_harmony_messages(request.messages[len(leading) :], recall)),
        instructions=joined([*leading, *_wish(request.choice)]),
        tools=(ToolNamespace(FUNCTIONS, tuple(map(_tool, tools))),) if tools else (),
        reasoning_effort=request.effort,
        current_date=today,
        response_format=_response_format(request),
    )


def sampling(request: ChatCompletionRequest, info: EngineInfo) -> SamplingParams:
    """Return how the engine is to sample. Raises InvalidRequestError for token ids outside the vocabulary."""
    return request.params(
        info,
        max_tokens=request.max_completion_tokens or request.max_tokens,
        num_logprobs=(request.top_logprobs or 0) if request.logprobs else None,
        num_prompt_logprobs=request.prompt_logprobs,
    )


def _leading_instructions(messages: list[ChatMessage]) -> list[str]:
    texts = []
    for message in messages:
        if not isinstance(message, SystemMessage | DeveloperMessage):
            break
        texts.append(text_of(message.content))
    return texts


def _wish(choice: ToolChoice | None) -> Iterator[str]:
    return wanted_call(chosen_names(choice)) if must_call(choice) else iter(())


def _tool(tool: OfferedTool) -> Tool:
    if isinstance(tool, CustomTool):
        return Tool(tool.name, custom_description(tool.custom.description, tool.custom.grammar), {"type": "string"})
    return Tool(tool.name, tool.function.description or "", tool.function.parameters or None)


def _response_format(request: ChatCompletionRequest) -> ResponseFormat | None:
    schema, _ = final_schema(request)
    if schema is None:
        return None
    named = request.response_format and request.response_format.json_schema
    return (
        ResponseFormat(named.name, schema, named.description or "") if named else ResponseFormat("json_object", schema)
    )


def _harmony_messages(messages: Sequence[ChatMessage], recall: Recall) -> Iterator[Message]:
    """A tool's result is for the last call of its id: some servers count theirs from 0 in every answer."""
    names: dict[str, str] = {}
    for message in messages:
        if isinstance(message, AssistantMessage):
            names.update((call.id, call.name) for call in calls_of(message))
            yield from _assistant_messages(message, recall)
        elif isinstance(message, ToolMessage):
            yield _tool_result(names[message.tool_call_id], message.content)
        elif isinstance(message, FunctionMessage):
            yield _tool_result(message.name, message.content)
        else:
            is_instruction = isinstance(message, SystemMessage | DeveloperMessage)
            yield Message(Role.DEVELOPER if is_instruction else Role.USER, text_of(message.content))


def _assistant_messages(message: AssistantMessage, recall: Recall) -> Iterator[Message]:
    """One assistant turn is up to three kinds of harmony message: reasoning, text, calls.

    Text before a call is a preamble, which belongs to the commentary channel.
    """
    calls = calls_of(message)
    reasoning = message.reasoning or message.reasoning_content or _recalled(message, recall)
    text = text_of(message.content) or message.refusal
    if reasoning:
        yield Message(Role.ASSISTANT, reasoning, channel=Channel.ANALYSIS)
    if text or not (calls or reasoning):
        yield Message(Role.ASSISTANT, text or "", channel=Channel.COMMENTARY if calls else Channel.FINAL)
    for call in calls:
        yield Message(
            Role.ASSISTANT,
            call.input,
            channel=Channel.COMMENTARY,
            recipient=f"{FUNCTIONS}.{call.name}",
            content_type="<|constrain|>json" if isinstance(call, FunctionCall) else "code",
        )


def _recalled(message: AssistantMessage, recall: Recall) -> str | None:
    return next((reasoning for call in message.tool_calls or () if (reasoning := recall(call.id))), None)


def _tool_result(name: str, content: ToolContent) -> Message:
    return Message(Role.TOOL, text_of(content), name=f"{FUNCTIONS}.{name}", channel=Channel.COMMENTARY)
