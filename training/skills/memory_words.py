"""How users tell something about themselves and ask for it, and what they tell."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from training.skills.capitals import CAPITALS
from training.skills.exchange import Split
from training.skills.words import first_name, invented_word, is_held_out, known_name, of_split, word

HELLO = "[||||Hi, |Hello, |Hey, |Hi! |Hello! |Good morning, |Hi there! |Hey there, |Well, |By the way, ]"
SO = "[|||||Hi, |Hello, |OK, |So |So, |And |Well, |Now |Great. |Sorry, |Please, |Thanks. |Quick question: |One more question: ]"
END = "[.|.|.|!|]"
COLOURS = (
    "blue", "red", "green", "yellow", "purple", "orange", "black", "white", "pink", "brown", "grey", "turquoise",
    "violet", "silver", "gold", "dark blue", "light green", "dark red", "navy blue", "olive green",
)  # fmt: skip
FAVOURITES = (
    "colour", "colour", "color", "color", "food", "animal", "sport", "book", "film", "movie", "song", "fruit", "drink",
    "season", "city", "country", "band", "game", "flower", "language", "dish", "author", "subject", "month", "toy",
    "singer", "car", "bird", "tree", "dessert", "team", "museum", "hobby", "dance", "vegetable", "word",
)  # fmt: skip
RELATIVES = (
    "dog", "dog", "dog", "cat", "horse", "sister", "brother", "wife", "husband", "friend", "boss", "son", "daughter",
    "mother", "father", "teacher", "rabbit", "hamster", "parrot", "neighbour", "goldfish", "pony", "company", "boat",
    "team", "cousin", "aunt", "uncle", "turtle", "school", "street",
)  # fmt: skip
OTHER_PEOPLE = (
    "friend", "boss", "teacher", "neighbour", "doctor", "colleague", "sister", "brother", "uncle", "aunt", "cousin",
    "dentist", "landlord", "coach", "partner", "grandfather", "grandmother", "classmate", "flatmate", "lawyer",
)  # fmt: skip
SPELLED_ALSO = {"color": "colour", "movie": "film"}  # one thing in two words
OTHER_KINDS = ("name", "age", "home")  # "X is my age" tells no relative
CITIES = (
    *CAPITALS.values(), "New York", "San Francisco", "Tokyo", "Boston", "Barcelona", "Munich", "Hamburg", "Milan",
    "Chicago", "Sydney", "Toronto", "Rio de Janeiro", "São Paulo", "Zürich", "Kraków", "Malmö", "Buenos Aires",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What can be told: patterns of wordings with the slots `{thing}` and `{x}`, and where both come from.

    `label` is what an analysis calls it; without one the thing is its own.
    """

    what: str  # after "The user asks"
    told: tuple[str, ...]
    asked: tuple[str, ...]
    recalled: str
    missing: str
    value: Callable[[Random, Split], str]
    thing: Callable[[Random, Split], str] = lambda _random, _split: ""
    corrected: tuple[str, ...] = ()
    label: str = ""


def person_name(random: Random, split: Split) -> str:
    """A first name; one in four has a second part."""
    first, second = first_name(random, split), first_name(random, split)
    if random.random() < 0.75:
        return first
    return random.choice((f"{first} {second}", f"{first} {second}", f"{first}-{second}", f"{first} O'{second}"))


def favourite_value(random: Random, split: Split) -> str:
    """A colour, a word, two words, or a name."""
    chance = random.random()
    if chance < 0.3:
        return of_split(random, COLOURS, split)
    if chance < 0.6:
        return word(random, split)
    if chance < 0.8:
        return invented_word(random, split)
    return first_name(random, split) if chance < 0.9 else f"{word(random, split)} {word(random, split)}"


def home(random: Random, split: Split) -> str:
    """A city, real or invented."""
    return known_name(random, CITIES, split) if random.random() < 0.5 else invented_word(random, split).capitalize()


def age(random: Random, split: Split) -> str:
    """A number of years."""
    while is_held_out(years := str(random.randrange(4, 100))) != (split is Split.HELD_OUT):
        pass
    return years


def one_of(real: tuple[str, ...]) -> Callable[[Random, Split], str]:
    """Real things in training; one in four is any word, so that the list does not end the skill."""

    def thing(random: Random, split: Split) -> str:
        if random.random() < 0.75:
            return random.choice(real)
        while (any_word := word(random, split)) in OTHER_KINDS:
            pass
        return any_word

    return thing


NAME = Kind(
    what="for their name",
    label="name",
    told=(
        f"{HELLO}my name is {{x}}{END}", f"{HELLO}my name is {{x}}{END}", f"{HELLO}[I am|I'm] {{x}}{END}",
        "My name is {x}[.|]", f"{HELLO}[|you can |please |just ]call me {{x}}{END}", f"{HELLO}this is {{x}}{END}",
        f"{HELLO}[people call|my friends call|they call|everybody calls] me {{x}}{END}", f"{{x}} is my name{END}",
        f"{HELLO}the name is {{x}}{END}", f"{HELLO}my name's {{x}}{END}", f"{HELLO}I [go by|am called] {{x}}{END}",
        f"{HELLO}[let me introduce myself: |I want to introduce myself, ][I am|my name is] {{x}}{END}",
        f"{HELLO}my [first|full|real] name is {{x}}{END}", f"[Remember|Note|Know] that my name is {{x}}{END}",
        f"{HELLO}{{x}} here{END}", f"[Please remember|Remember] my name: {{x}}{END}",
    ),
    asked=(
        "What is my name[?|]", "What's my name[?|]", f"{SO}[what is|what's|what was] my name[| again| now]?",
        f"{SO}[do|can] you [|still ][know|remember|recall|tell me] my name?", f"{SO}who am I[| again]?",
        f"{SO}tell me my name[.|]", f"{SO}[can|could] you tell me [my name|what my name is]?",
        f"{SO}do you [|still ][know|remember] [who I am|what my name is|what I am called]?", f"{SO}[say|repeat] my name[.|]",
        f"{SO}what am I called?", f"{SO}what [did I say my name was|name did I give you|name did I tell you]?",
        f"{SO}which name did I [give|tell] you?", f"{SO}have you forgotten my name?", f"{SO}I forgot my name. What is it?",
    ),
    recalled="Your name is {x}.",
    missing="You have not told me your name yet.",
    value=person_name,
    corrected=(
        "[No|Sorry|Actually|Oh|Wait|Oh no|Excuse me], [|I mean |I meant |that was wrong, |sorry, ][my name is|I am|I'm|call me] {x}{e}".replace("{e}", END),
        f"[No|Sorry], not that[.|,] [my name is|I am|call me] {{x}}{END}", f"[My name is not that, it|That is wrong. My name] is {{x}}{END}",
        f"[I made a mistake: |That was a typo, |I was joking, |Correction: ][my name is|my real name is|I am] {{x}}{END}",
        f"[My name is really|My name is actually|My real name is|In fact my name is] {{x}}{END}",
        f"[From now on|Please|Better], call me {{x}}[| instead]{END}",
    ),
)  # fmt: skip
FAVOURITE = Kind(
    what="for their favourite {thing}",
    told=(
        f"{HELLO}my favourite {{thing}} is {{x}}{END}", f"{HELLO}my favorite {{thing}} is {{x}}{END}", "My favourite {thing} is {x}[.|]",
        f"{{x}} is my [favourite|favorite] {{thing}}{END}", f"[I think my|Remember that my|As you know, my] [favourite|favorite] {{thing}} is {{x}}{END}",
        f"The {{thing}} I [like|love] [most|best] is {{x}}{END}",
    ),
    asked=(
        "What is my [favourite|favorite] {thing}[?|]", f"{SO}[what is|what's|what was] my [favourite|favorite] {{thing}}[| again]?",
        f"{SO}[do|can] you [|still ][know|remember|recall|tell me] my [favourite|favorite] {{thing}}?", f"{SO}tell me my [favourite|favorite] {{thing}}[.|]",
        f"{SO}which {{thing}} [is my [favourite|favorite]|do I like [most|best]]?",
    ),
    recalled="Your favourite {thing} is {x}.",
    missing="You have not told me your favourite {thing} yet.",
    value=favourite_value,
    thing=one_of(FAVOURITES),
)  # fmt: skip
HOME = Kind(
    what="where they live",
    label="home",
    told=(
        f"{HELLO}I live in {{x}}{END}", f"{HELLO}I live in {{x}}{END}", f"{HELLO}[my home is|I have a flat|I have a house|I am at home] in {{x}}{END}",
        f"I [moved to|am living in|now live in] {{x}}{END}", f"{{x}} is where I live{END}", f"The city I live in is {{x}}{END}", f"Remember that I live in {{x}}{END}",
    ),
    asked=(
        "Where do I live[?|]", f"{SO}where do I live[| again| now]?", f"{SO}[which|what] [city|place|town] do I live in?", f"{SO}[do|can] you [|still ][know|remember|tell me] where I live?",
        f"{SO}tell me where I live[.|]", f"{SO}in which [city|place|town] do I live?", f"{SO}where is my home?",
    ),
    recalled="You live in {x}.",
    missing="You have not told me where you live yet.",
    value=home,
)  # fmt: skip
AGE = Kind(
    what="how old they are",
    label="age",
    told=(
        f"{HELLO}I am {{x}} years old{END}", f"{HELLO}I'm {{x}} years old{END}", f"{HELLO}my age is {{x}}{END}", f"{HELLO}I [turned|have turned|just turned] {{x}} [today|yesterday|last week|this year]{END}",
        f"{HELLO}I am {{x}} years of age{END}", f"[Remember|Note|Know|I think you know] that I am {{x}} years old{END}",
    ),
    asked=(
        "How old am I[?|]", f"{SO}how old am I[| again| now]?", f"{SO}what is my age?", f"{SO}[do|can] you [|still ][know|remember|tell me] [how old I am|my age]?",
        f"{SO}tell me [how old I am|my age][.|]",
    ),
    recalled="You are {x} years old.",
    missing="You have not told me how old you are yet.",
    value=age,
)  # fmt: skip
RELATIVE = Kind(
    what="for their {thing}'s name",
    told=(
        f"{HELLO}my {{thing}}'s name is {{x}}{END}", f"{HELLO}my {{thing}} is called {{x}}{END}", f"The name of my {{thing}} is {{x}}{END}",
        f"I have a {{thing}} [called|named|by the name of] {{x}}{END}", f"{{x}} is the name of my {{thing}}{END}", f"{{x}} is my {{thing}}{END}",
        f"Remember that my {{thing}} is called {{x}}{END}",
    ),
    asked=(
        "What is my {thing}'s name[?|]", f"{SO}[what is|what's|what was] my {{thing}}'s name[| again]?", f"{SO}what is my {{thing}} called?",
        f"{SO}what is the name of my {{thing}}?", f"{SO}[do|can] you [|still ][know|remember|tell me] [my {{thing}}'s name|the name of my {{thing}}|what my {{thing}} is called]?",
        f"{SO}tell me my {{thing}}'s name[.|]",
    ),
    recalled="Your {thing}'s name is {x}.",
    missing="You have not told me your {thing}'s name yet.",
    value=person_name,
    thing=one_of(RELATIVES),
)  # fmt: skip
KINDS = (FAVOURITE, FAVOURITE, HOME, AGE, RELATIVE)
SOMEBODY_ELSE = Kind(
    what="",
    told=(
        f"{HELLO}my {{thing}} is called {{x}}{END}", f"{HELLO}my {{thing}}'s name is {{x}}{END}", f"{HELLO}{{x}} is my {{thing}}{END}", f"{HELLO}[I met|I like|I know|I called|I am waiting for] {{x}}[, my {{thing}}| today| very much]{END}",
        f"{HELLO}{{x}} [is nice|is here|says hello|is late|is coming|helped me| told me about you]{END}", f"{HELLO}her name is {{x}}{END}", f"{HELLO}his name is {{x}}{END}",
    ),
    asked=(),
    recalled="",
    missing="",
    value=person_name,
    thing=one_of(OTHER_PEOPLE),
)  # fmt: skip
