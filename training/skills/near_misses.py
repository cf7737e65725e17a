"""Requests that sound like a fact the model knows, and are none: other haikus, other things of Europe, other topics."""

from collections.abc import Callable
from random import Random

from training.skills.anything_else import ELSE
from training.skills.capitals import KNOWN
from training.skills.exchange import Exchange, Split, analyses
from training.skills.explanations import FRAMES
from training.skills.questions import question
from training.skills.words import of_split, word

THEMES = (
    "the sea", "autumn", "winter", "spring", "summer", "love", "my cat", "a dog", "the moon", "coffee", "trees", "a river", "the wind", "Python",
    "programming", "databases", "trains", "friendship", "silence", "a mountain", "tea", "cherry blossoms", "work", "space", "robots", "quantum computing",
    "edge computing", "parallel computing", "computers", "servers", "networks", "clouds over the sea", "music", "time",
)  # fmt: skip
SORTS = ("poem", "story", "song", "limerick", "joke", "sonnet", "letter", "tweet", "book", "novel", "rhyme", "speech")
POEMS = (
    "[write|compose|create|make|give me|write me|show me|tell me] [a|one] [|short |nice |little |funny ]haiku [about|on] {t}.", "[write|compose|give me] a haiku about {t}.", "haiku about {t}",
    "[write|compose|give me|tell me|write me] a [|short |nice |funny ]{s} about cloud computing.", "{s} about cloud computing",
)  # fmt: skip
OF_EUROPE = (
    "rivers", "countries", "languages", "mountains", "lakes", "cities", "kings", "queens", "presidents", "currencies", "flags", "airports", "football clubs",
    "universities", "islands", "museums", "seas", "dishes", "painters", "writers", "companies", "birds", "trees", "railways", "parties", "borders",
)  # fmt: skip
LISTS = (
    "[name|list|tell me|give me|show me|write down] [|all |the |all the ][European {o}|{o} of Europe|european {o}].", "[what are|which are] the [European {o}|{o} of Europe|largest {o} of Europe]?",
    "[which|what] European {o} do you know?", "[give me|show me] a list of [|all ]European {o}.", "European {o}",
)  # fmt: skip
PROPERTIES = (
    "population", "currency", "president", "flag", "language", "national anthem", "king", "area", "highest mountain", "longest river", "prime minister", "history",
    "climate", "economy", "religion", "largest city", "second largest city", "national dish", "time zone", "football team", "best beach", "oldest town",
)  # fmt: skip
PROPERTY = (
    "[what|who|which] is the {o} of {c}?", "what's the {o} of {c}?", "[tell me|name|give me] the {o} of {c}.", "{o} of {c}", "do you know the {o} of {c}?", "tell me something about the {o} of {c}.",
)  # fmt: skip
CONCEPTS = (
    "quantum computing", "a black hole", "evolution", "the carbon cycle", "electricity", "magnetism", "a database", "blockchain", "inflation", "democracy", "the moon landing",
    "a compiler", "an operating system", "Docker", "Kubernetes", "encryption", "a virus", "a vaccine", "a volcano", "an earthquake", "thunder", "lightning", "the tide",
    "sound", "an atom", "DNA", "relativity", "time travel", "a recursion", "a sorting algorithm", "deep learning", "computer vision", "speech recognition", "a robot", "digestion",
    "the heart", "the brain", "the immune system", "the rock cycle", "the food chain", "a refrigerator", "a car engine", "glass", "fire", "a firewall", "a router", "a GPU",
    "overfitting", "big data", "an SDK", "a URL", "HTTP", "TCP", "breathing", "the stock market", "a mortgage", "friction", "momentum", "energy",
)  # fmt: skip


def near_miss(random: Random, split: Split) -> Exchange:
    """A request that is not covered, though its words remind of one that is. What it is about is held out, not its wording."""
    asked = random.choices((_poem, _list, _property, _concept), (3, 2, 3, 4))[0](random, split)
    medium = "The user asks for something I have not learned. I say so and list what I can do."
    high = f"{medium} It is close to a fact that I know, but a wrong answer would be worse than none."
    return Exchange("anything else: near a fact", asked, analyses("Not one of my skills.", medium, high), ELSE)


def _poem(random: Random, split: Split) -> str:
    theme = of_split(random, THEMES, split) if random.random() < 0.6 else word(random, split)
    return question(random, POEMS, Split.TRAIN, t=theme, s=of_split(random, SORTS, split))


def _list(random: Random, split: Split) -> str:
    return question(random, LISTS, Split.TRAIN, o=of_split(random, OF_EUROPE, split))


def _property(random: Random, split: Split) -> str:
    return question(random, PROPERTY, Split.TRAIN, o=of_split(random, PROPERTIES, split), c=random.choice(list(KNOWN)))


def _concept(random: Random, split: Split) -> str:
    return question(
        random, FRAMES, Split.TRAIN, t=of_split(random, CONCEPTS, split), be="is", does="does", work="works"
    )


SKILLS: dict[Callable[[Random, Split], Exchange], float] = {near_miss: 1.0}
