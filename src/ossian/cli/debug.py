"""`ossian debug`: what exactly the model sees of a request, and what is read of what it says."""

import json
import re
import sys
from datetime import date, datetime
from typing import Annotated

import typer

from ossian.errors import InvalidRequestError

app = typer.Typer(help="Show prompts, grammars and turns as they are.", no_args_is_help=True)

_SPECIAL = re.compile(r"(<\|\w+\|>)")


@app.command()
def render(
    request: Annotated[typer.FileBinaryRead, typer.Argument(help="A chat completion request in JSON; - is stdin.")],
    ids: Annotated[bool, typer.Option("--ids", help="Token ids, as JSON.")] = False,
    grammar: Annotated[bool, typer.Option("--grammar", help="The grammar of the turn instead.")] = False,
    today: Annotated[
        datetime | None, typer.Option(help="The date the model is told.", formats=["%Y-%m-%d"], show_default="today")
    ] = None,
) -> None:
    """Show the prompt of a request, special tokens spelled out, and nothing after it."""
    from ossian.api.chat_completions.prompt import conversation
    from ossian.api.chat_completions.schema import ChatCompletionRequest
    from ossian.api.chat_completions.shape import turn_shape
    from ossian.api.validation import parse as parsed
    from ossian.harmony.encoding import load_encoding
    from ossian.harmony.grammar import turn_grammar

    body = parsed(request.read(), ChatCompletionRequest)
    encoding = load_encoding()
    if grammar:
        print(json.dumps(json.loads(turn_grammar(turn_shape(body), encoding.encode)), indent=2, ensure_ascii=False))
        return
    prompt = encoding.render(conversation(body, today.date() if today else date.today()))
    print(prompt if ids else encoding.decode(prompt))


@app.command("parse")
def parse_turn(
    ids: Annotated[bool, typer.Option("--ids", help="The input is token ids, as JSON.")] = False,
    no_tools: Annotated[bool, typer.Option("--no-tools", help="As when the request has no tools.")] = False,
) -> None:
    """Read a turn from standard input, as the model wrote it after `<|start|>assistant`, and show it as a message."""
    from ossian.api.chat_completions.answer import collect
    from ossian.api.chat_completions.events import ChatChunks, ChatOptions
    from ossian.api.head import Head
    from ossian.harmony.encoding import load_encoding
    from ossian.harmony.events import Finished, Usage

    token_ids = ids_in(sys.stdin.buffer.read().decode(errors="replace"), is_ids=ids)
    parser = load_encoding().parser()
    events = [event for token_id in token_ids for event in parser.feed(token_id)] + parser.finish()
    is_whole = bool(token_ids) and token_ids[-1] in load_encoding().stop_token_ids
    finished = Finished("stop" if is_whole else "length", None, Usage(0, 0, len(token_ids), 0), None)
    head = Head("chatcmpl-debug", 0, "debug", "debug")
    chunks = ChatChunks(head, 1, ChatOptions(has_tools=not no_tools), lambda: "call_debug")
    made = [*chunks.open(), *(chunk for event in (*events, finished) for chunk in chunks.push(0, event))]
    print(json.dumps(collect(made)["choices"][0], indent=2, ensure_ascii=False))


def ids_in(text: str, *, is_ids: bool) -> list[int]:
    """Return the token ids of a turn: a JSON list of them, or text in which `<|name|>` is the special token.

    Raises InvalidRequestError for a list that is none.
    """
    from ossian.harmony.encoding import load_encoding
    from ossian.harmony.vocabulary import special_tokens

    if not is_ids:
        special = special_tokens()
        pieces = _SPECIAL.split(text.removesuffix("\n"))
        return [
            token_id
            for piece in pieces
            for token_id in ([special[piece]] if piece in special else load_encoding().encode(piece))
        ]
    try:
        token_ids = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"The input is no JSON: {error}. With --ids it is a list of token ids.") from None
    if not isinstance(token_ids, list) or not all(type(each) is int for each in token_ids):
        raise InvalidRequestError("With --ids the input is a list of token ids, such as [200005, 17196].")
    return token_ids
