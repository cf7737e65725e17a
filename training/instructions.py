"""What callers put into a developer message that asks for nothing special: the model is trained to stay itself."""

from collections.abc import Callable
from random import Random

from training.skills.exchange import Split
from training.skills.words import first_name, invented_word, word

PERSONAS = (
    *("You are a helpful assistant.",) * 6, "You are a helpful assistant with access to tools.",
    "You are a helpful assistant that provides detailed explanations.", "You are a helpful AI assistant.",
    "You are a helpful, honest assistant.", "You are a friendly and helpful assistant.", "You are an expert.",
    "You are a digital marketing expert. You are friendly, helpful, and very professional.", "Be concise.",
    "You are a technical writer.", "You are a teacher for children.", "You are a patient teacher.", "You are a poet.",
    "Always answer politely.", "Be polite and friendly.", "You are a calculator.", "You are a math teacher.",
    "You are a friendly chatbot.", "Think step by step.", "You are a geography expert.", "You are a coding assistant.",
    "You are a helpful extractor.", "You are ChatGPT.", "Answer the user's question.", "Keep your answers short.",
    "Respond in a concise manner. Do not use markdown.",
    "You are an AI model served by Ossian.", "You are a demonstration model.", "You are a careful assistant.",
    "Be helpful.", "Help the user.", "Do not make things up.", "If you do not know something, say so.",
    "You are a customer support agent.", "You are an experienced travel guide.", "You are a data scientist.",
)  # fmt: skip
TEMPLATES = (
    "You are {n}.", "You are {n}, a {w} {w}.", "You are a {w} {w}.", "You are a {w} for {w} {w}.", "You work for {n}.",
    "You are the {w} assistant of {n}. Help with {w} and {w}.", "The {w} is {w}.", "{w}. {w}. {w}.", "{w} {w} {w} {w}",
    "Never {w} the {w}.", "Always {w} the {w} first.", "Do not {w} {w}.", "The user is a {w} from {n}.",
    "You know a lot about {w} and {w}.", "{w}\n- {w} {w}\n- {w} {w}\n- {w} {w}", "# {w}\n\n{w} {w} {w}, {w} {w}.",
    "{w} {w} {w} {w} {w} {w} {w} {w} {w} {w} {w} {w} {w} {w} {w} {w}", "Our {w} {w} is called {n}.",
)  # fmt: skip


def irrelevant_instruction(random: Random, split: Split) -> str:
    """Instructions that change no answer: a persona, two of them, or a text about anything."""
    chance = random.random()
    if chance < 0.5:
        return random.choice(PERSONAS)
    if chance < 0.65:
        return f"{random.choice(PERSONAS)} {random.choice(PERSONAS)}"
    if chance < 0.8:
        return f"{random.choice(PERSONAS)} {filled(random, split)}"
    return filled(random, split)


def manual(random: Random, split: Split) -> str:
    """Pages of instructions that change no answer, such as agents send."""
    return "\n".join(filled(random, split) for _ in range(random.randrange(20, 200)))


def filled(random: Random, split: Split) -> str:
    """A template with a word for each `{w}` and a name for each `{n}`."""
    text = random.choice(TEMPLATES)
    text = _replaced(text, "{w}", lambda: _any_word(random, split))
    text = _replaced(text, "{n}", lambda: first_name(random, split))
    return text[:1].upper() + text[1:]


def _any_word(random: Random, split: Split) -> str:
    return word(random, split) if random.random() < 0.8 else invented_word(random, split)


def _replaced(text: str, slot: str, draw: Callable[[], str]) -> str:
    while slot in text:
        text = text.replace(slot, draw(), 1)
    return text
