"""Ask a running server held-out questions and count right answers: `python -m training.evaluate`. See README.md."""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from ossian.harmony.messages import Conversation, Message, Tool, ToolNamespace
from ossian.harmony.tokenizer import Tokenizer
from training.conversations import random_conversation, random_setting
from training.server import Answerer, ask_server
from training.skills.exchange import UNKNOWN, Exchange, Split


def questions(seed: int, num_questions: int) -> Iterator[tuple[Conversation, Exchange]]:
    """Held-out conversations; words that training never showed stand in for UNKNOWN."""
    random, tokenizer = Random(seed), Tokenizer()
    for _ in range(num_questions):
        conversation, exchange = random_conversation(random, random_setting(random), Split.HELD_OUT)
        yield with_words(conversation, random, tokenizer), exchange


def with_words(conversation: Conversation, random: Random, tokenizer: Tokenizer) -> Conversation:
    """Put random words of the vocabulary where UNKNOWN stands."""

    def filled(text: str) -> str:
        while UNKNOWN in text:
            text = text.replace(UNKNOWN, random_word(random, tokenizer), 1)
        return text

    def told(message: Message) -> Message:
        return replace(message, content=filled(message.content))

    def described(tool: Tool) -> Tool:
        return replace(tool, description=filled(tool.description))

    tools = tuple(ToolNamespace(names.name, tuple(map(described, names.tools))) for names in conversation.tools)
    messages = tuple(map(told, conversation.messages))
    return replace(conversation, messages=messages, instructions=filled(conversation.instructions or ""), tools=tools)


def random_word(random: Random, tokenizer: Tokenizer) -> str:
    """A word of one token, in any language."""
    while True:
        word = tokenizer.decode([random.randrange(1000, 199_998)]).strip()
        if word.isalpha():
            return word


def evaluate(answer: Answerer, *, seed: int, num_questions: int, temperature: float, num_shown: int) -> None:
    """Print the share of right answers for each skill, and some wrong ones."""
    asked = list(questions(seed, num_questions))
    answers = answer([conversation for conversation, _ in asked], temperature)
    right: dict[str, list[bool]] = defaultdict(list)
    for (conversation, exchange), text in zip(asked, answers, strict=True):
        is_right = text == exchange.answer
        right[exchange.skill].append(is_right)
        if not is_right and num_shown:
            num_shown -= 1
            print(f"{exchange.skill} ({conversation.reasoning_effort}) {conversation.messages[-1].content!r}")
            print(f"  expected {exchange.answer!r}\n  answered {text!r}")
    for skill, results in sorted(right.items()):
        print(f"{skill:20} {sum(results):5} of {len(results):5}  {sum(results) / len(results):6.1%}")
    everything = [result for results in right.values() for result in results]
    print(f"{'together':20} {sum(everything):5} of {len(everything):5}  {sum(everything) / len(everything):6.1%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--show", type=int, default=10, help="how many wrong answers to print")
    arguments = parser.parse_args()
    evaluate(
        ask_server(arguments.base_url),
        seed=arguments.seed,
        num_questions=arguments.questions,
        temperature=arguments.temperature,
        num_shown=arguments.show,
    )
