"""A conversation as the token ids a model is prompted with.

    <|start|>system<|message|>…<|end|>  <|start|>developer<|message|>…<|end|>  messages…  <|start|>assistant

Only this module writes special tokens. All text, headers included, is encoded as ordinary text, and whatever stands
in a header is checked first: it can end neither its word nor the header.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from ossian.errors import InvalidRequestError
from ossian.harmony.messages import (
    CONSTRAIN_MARK,
    FUNCTIONS,
    Channel,
    Conversation,
    Message,
    ResponseFormat,
    Role,
    ToolNamespace,
)
from ossian.harmony.tokenizer import Tokenizer
from ossian.harmony.tools import NAME_PATTERN, compact_json, lines_of, tools_section
from ossian.harmony.vocabulary import CALL, CHANNEL, CONSTRAIN, END, MESSAGE, START

IDENTITY: Final = "You are ChatGPT, a large language model trained by OpenAI."
KNOWLEDGE_CUTOFF: Final = "2024-06"
CHANNELS: Final = "# Valid channels: analysis, commentary, final. Channel must be included for every message."
FUNCTIONS_CHANNEL: Final = "Calls to these tools must go to the commentary channel: 'functions'."

BUILT_IN_NAMESPACES: Final = frozenset({"browser", "python"})  # described in the system message, called in analysis

MAX_WORD_LENGTH: Final = 256

_HEADER_WORD: Final = re.compile(rf"[^\s<|>\x00-\x1f\x7f]{{1,{MAX_WORD_LENGTH}}}")


def render(conversation: Conversation, tokenizer: Tokenizer, *, keep_all_analysis: bool = False) -> list[int]:
    """Return the prompt: the whole conversation, then `<|start|>assistant`.

    The analysis of finished turns is dropped, as the documentation asks, unless `keep_all_analysis`. Raises
    InvalidRequestError for names that cannot stand in a header and for tools that cannot be described.
    """
    completed = [complete(message) for message in conversation.messages]
    kept = completed if keep_all_analysis else without_finished_analysis(completed)
    rendered = (render_message(message, tokenizer) for message in chain(preamble(conversation), kept))
    return [*chain.from_iterable(rendered), START, *tokenizer.encode(Role.ASSISTANT)]


def preamble_len(prompt: Sequence[int], tokenizer: Tokenizer) -> int:
    """Return how many tokens of a rendered prompt the system's and the developer's first messages are."""
    roles = {tokenizer.encode(role)[0] for role in (Role.SYSTEM, Role.DEVELOPER)}
    start = 0
    while prompt[start + 1] in roles:
        start = prompt.index(START, start + 1)
    return start


def without_finished_analysis(messages: Sequence[Message]) -> Iterator[Message]:
    """Leave out the analysis before the last final message: those turns are over.

    Analysis after it belongs to a turn that is still calling tools, and is the model's memory of why. Calls of built-in
    tools and their results are analysis too.
    """
    last_final = max((index for index, message in enumerate(messages) if message.channel is Channel.FINAL), default=-1)
    for index, message in enumerate(messages):
        if index > last_final or message.channel is not Channel.ANALYSIS:
            yield message


def preamble(conversation: Conversation) -> Iterator[Message]:
    """Yield the system message, and the developer message when there is anything to say in it."""
    yield Message(Role.SYSTEM, system_text(conversation))
    if text := developer_text(conversation):
        yield Message(Role.DEVELOPER, text)


def system_text(conversation: Conversation) -> str:
    """Return what the server tells the model: who it is, dates, effort, built-in tools, channels."""
    identity = [IDENTITY, f"Knowledge cutoff: {KNOWLEDGE_CUTOFF}"]
    if conversation.current_date is not None:
        identity.append(f"Current date: {conversation.current_date.isoformat()}")
    sections = ["\n".join(identity), f"Reasoning: {conversation.reasoning_effort}"]
    if built_in := [namespace for namespace in conversation.tools if namespace.name in BUILT_IN_NAMESPACES]:
        sections.append(tools_section(built_in))
    has_functions = any(namespace.name == FUNCTIONS and namespace.tools for namespace in conversation.tools)
    sections.append(f"{CHANNELS}\n{FUNCTIONS_CHANNEL}" if has_functions else CHANNELS)
    return "\n\n".join(sections)


def developer_text(conversation: Conversation) -> str:
    """Return what the caller tells the model: instructions, tools, response format; "" when there is none of them."""
    sections = [instructions_text(conversation.instructions)] if conversation.instructions else []
    if own := [namespace for namespace in conversation.tools if is_callers(namespace)]:
        sections.append(tools_section(own))
    if conversation.response_format is not None:
        sections.append(response_format_text(conversation.response_format))
    return "\n\n".join(sections)


def response_format_text(response_format: ResponseFormat) -> str:
    """Return the section that shows the model the schema of its answer, properties in the caller's order.

    Raises InvalidRequestError for a name that is not a plain word.
    """
    if not NAME_PATTERN.fullmatch(response_format.name):
        raise InvalidRequestError(
            f"Invalid response format name {response_format.name[:80]!r}: use 1 to 64 letters, digits, '_' and '-'.",
            param="response_format",
        )
    description = (f"// {line}\n" for line in lines_of(response_format.description))
    schema = compact_json(response_format.schema)
    return f"# Response Formats\n\n## {response_format.name}\n\n{''.join(description)}{schema}"


def instructions_text(instructions: str) -> str:
    """Return instructions under their heading."""
    return f"# Instructions\n\n{instructions}"


def is_callers(namespace: ToolNamespace) -> bool:
    """Whether a namespace belongs in the developer message; an empty one has nothing to say."""
    return namespace.name not in BUILT_IN_NAMESPACES and bool(namespace.tools or namespace.description)


def complete(message: Message) -> Message:
    """Return the message with what the format asks of every message of its role.

    Raises InvalidRequestError for a system message, which only the server writes.
    """
    match message.role:
        case Role.SYSTEM:
            raise InvalidRequestError("The server writes the system message: send instructions.", param="messages")
        case Role.DEVELOPER:
            return replace(message, content=instructions_text(message.content))
        case Role.ASSISTANT:
            channel = Channel.COMMENTARY if has_recipient(message) else Channel.FINAL
            return replace(message, channel=message.channel or channel)
        case Role.TOOL:
            return replace(
                message,
                recipient=message.recipient or Role.ASSISTANT.value,
                channel=message.channel or result_channel(message.name),
            )
    return message


def has_recipient(message: Message) -> bool:
    """Whether the message is for someone in particular; "all" is nobody."""
    return message.recipient not in (None, "all")


def result_channel(tool_name: str | None) -> Channel:
    """Return the channel a tool answers on: the one it is called on."""
    namespace = (tool_name or "").partition(".")[0]
    return Channel.ANALYSIS if namespace in BUILT_IN_NAMESPACES else Channel.COMMENTARY


def render_message(message: Message, tokenizer: Tokenizer) -> list[int]:
    """Return one message as it stands, from `<|start|>` to `<|end|>`, or to `<|call|>` when it calls a tool."""
    is_call = message.role is Role.ASSISTANT and has_recipient(message)
    content = tokenizer.encode(message.content)
    return [START, *header(message, tokenizer), MESSAGE, *content, CALL if is_call else END]


def header(message: Message, tokenizer: Tokenizer) -> Iterator[int]:
    """Yield a header: author, recipient, channel, content type."""
    yield from author(message, tokenizer)
    if message.recipient is not None and has_recipient(message):
        yield from tokenizer.encode(f" to={word(message.recipient, 'recipient')}")
    if message.channel is not None:
        yield CHANNEL
        yield from tokenizer.encode(message.channel)
    if message.content_type is not None:
        yield from content_type(message.content_type, tokenizer)


def author(message: Message, tokenizer: Tokenizer) -> Iterator[int]:
    """Yield who speaks: a role and perhaps a name, or a tool's name alone."""
    if message.role is Role.TOOL:
        yield from tokenizer.encode(tool_author(message.name))
        return
    yield from tokenizer.encode(message.role)
    if message.name is not None:
        yield from tokenizer.encode(f":{word(message.name, 'name')}")


def tool_author(name: str | None) -> str:
    """Return a tool's name, which stands where a role would: it must not read as one."""
    if name is None:
        raise InvalidRequestError("A tool message needs the name of its tool.", param="messages")
    if name.partition(":")[0].lower() in {role.value for role in Role}:
        raise InvalidRequestError(f"A tool cannot be called {name[:80]!r}: that is a role.", param="messages")
    return word(name, "name")


def content_type(text: str, tokenizer: Tokenizer) -> Iterator[int]:
    """Yield a content type; a leading constrain mark is the special token."""
    if not text.startswith(CONSTRAIN_MARK):
        yield from tokenizer.encode(f" {word(text, 'content type')}")
        return
    yield from tokenizer.encode(" ")
    yield CONSTRAIN
    yield from tokenizer.encode(word(text.removeprefix(CONSTRAIN_MARK), "content type"))


def word(text: str, what: str) -> str:
    """Return `text` if it can stand in a header: it must not end its word, nor look like a special token."""
    if not _HEADER_WORD.fullmatch(text):
        raise InvalidRequestError(
            f"Invalid {what} {text[:80]!r}: use 1 to {MAX_WORD_LENGTH} characters, without blanks, '<', '|' and '>'.",
            param="messages",
        )
    return text
