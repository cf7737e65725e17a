"""The way in: a chat completion request becomes a harmony conversation and sampling parameters."""

from collections.abc import Iterator, Sequence
from datetime import date

from ossian.api.chat_completions.messages import (
    AssistantMessage,
    ChatMessage,
    DeveloperMessage,
    SystemMessage,
    ToolMessage,
    text_of,
    tool_call_names,
)
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.tools import (
    NAMESPACE,
    FunctionDefinition,
    ToolChoice,
    chosen_names,
    must_call,
    offered,
)
from ossian.engine.base import EngineInfo, SamplingParams
from ossian.harmony.messages import Channel, Conversation, Message, Role, Tool, ToolNamespace


def conversation(request: ChatCompletionRequest, today: date | None) -> Conversation:
    """Return what the model is told.

    The leading system and developer messages are its instructions; later ones stay where they are.
    """
    leading = _leading_instructions(request.messages)
    functions = offered(request.tools or [], request.tool_choice)
    return Conversation(
        messages=tuple(_harmony_messages(request.messages[len(leading) :])),
        instructions=_instructions([*leading, *_wanted_call(request.tool_choice)]),
        tools=(_namespace(functions),) if functions else (),
        reasoning_effort=request.effort,
        current_date=today,
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


def _instructions(texts: list[str]) -> str | None:
    return "\n\n".join(text for text in texts if text) or None


def _wanted_call(choice: ToolChoice | None) -> Iterator[str]:
    """Ask for the call that `tool_choice` wants, as long as decoding does not enforce it."""
    if not must_call(choice):
        return
    names = chosen_names(choice)
    if names is None or len(names) > 1:
        yield f"Before anything else, call one of the functions in the namespace `{NAMESPACE}`."
    else:
        yield f"Before anything else, call the function `{NAMESPACE}.{names[0]}`."


def _namespace(functions: list[FunctionDefinition]) -> ToolNamespace:
    return ToolNamespace(
        NAMESPACE, tuple(Tool(each.name, each.description or "", each.parameters) for each in functions)
    )


def _harmony_messages(messages: Sequence[ChatMessage]) -> Iterator[Message]:
    """A tool's result is for the last call of its id: some servers count theirs from 0 in every answer."""
    names: dict[str, str] = {}
    for message in messages:
        if isinstance(message, AssistantMessage):
            names.update(tool_call_names(message))
            yield from _assistant_messages(message)
        elif isinstance(message, ToolMessage):
            yield _tool_result(message, names)
        else:
            is_instruction = isinstance(message, SystemMessage | DeveloperMessage)
            yield Message(Role.DEVELOPER if is_instruction else Role.USER, text_of(message.content))


def _assistant_messages(message: AssistantMessage) -> Iterator[Message]:
    """One assistant turn is up to three kinds of harmony message: reasoning, text, calls.

    Text before a call is a preamble, which belongs to the commentary channel.
    """
    calls = message.tool_calls or []
    reasoning = message.reasoning or message.reasoning_content
    text = text_of(message.content) or message.refusal
    if reasoning:
        yield Message(Role.ASSISTANT, reasoning, channel=Channel.ANALYSIS)
    if text or not (calls or reasoning):
        yield Message(Role.ASSISTANT, text or "", channel=Channel.COMMENTARY if calls else Channel.FINAL)
    for call in calls:
        yield Message(
            Role.ASSISTANT,
            call.function.arguments,
            channel=Channel.COMMENTARY,
            recipient=f"{NAMESPACE}.{call.function.name}",
            content_type="<|constrain|>json",
        )


def _tool_result(message: ToolMessage, names: dict[str, str]) -> Message:
    name = f"{NAMESPACE}.{names[message.tool_call_id]}"
    return Message(Role.TOOL, text_of(message.content), name=name, channel=Channel.COMMENTARY)
