"""What the user told about themselves and asks for later: a name, a favourite thing, a home, an age, a dog's name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from ossian.harmony.messages import Channel, Message, Role
from training.skills import anything_else, arithmetic, capitals, talk
from training.skills.exchange import Exchange, Split, analyses, copied, unmarked
from training.skills.memory_words import KINDS, NAME, SOMEBODY_ELSE, SPELLED_ALSO, Kind
from training.skills.wordings import expanded, wording

REPLIES = (
    "Hello {x}! Nice to meet you. How can I help?", "Hello {x}! Nice to meet you. How can I help?",
    "[Hello|Hi|Hey|Welcome] {x}! How can I help[| you]?", "[Hello|Hi], {x}.", "[Nice|Pleased|Great] to meet you, {x}!",
    "Hi {x}, what can I do for you?", "[Hello|Hi|OK|Welcome]! How can I help?", "[OK|Nice to meet you|Thank you].",
)  # fmt: skip
NOTED = "Thank you, I will remember that."
Answered = Callable[[Random, Split], Exchange]
OTHERS: tuple[Answered, ...] = (
    talk.greeting, talk.greeting, talk.identity, talk.thanks, talk.thanks, arithmetic.addition,
    arithmetic.subtraction, arithmetic.multiplication, capitals.capital, capitals.capital, capitals.country, anything_else.anything_else,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """Something told, for example that `thing` "dog" has `value` "Rex"."""

    kind: Kind
    thing: str
    value: str

    @property
    def label(self) -> str:
        """What an analysis calls it."""
        return self.kind.label or (copied(self.thing) if self.thing else "somebody")

    def filled(self, pattern: str) -> str:
        """The pattern's slots filled, for a prompt."""
        return pattern.format(thing=self.thing, x=self.value)

    def said(self, pattern: str, question: str = "") -> str:
        """The pattern's slots filled and marked as copied, for the model to say.

        A "dog's" in the question can be one token, so the whole of it is copied.
        """
        text = pattern.format(thing=copied(self.thing), x=copied(self.value))
        owner = f"{self.thing}'s"
        return text.replace(f"{copied(self.thing)}'s", copied(owner)) if owner in question else text

    def is_about(self, other: "Fact") -> bool:
        """Whether both answer the same question."""
        things = (SPELLED_ALSO.get(each.thing, each.thing) for each in (self, other))
        return self.kind is other.kind and len({*things}) == 1


def name_told(random: Random, split: Split) -> Exchange:
    """The user introduces themselves."""
    fact = random_fact(random, NAME, split)
    medium = "The user's name is {x}. I greet them by name."
    high = (
        f"{medium} I keep it in mind, because they may ask for it later. There is no question yet, so I offer my help."
    )
    said = analyses("Their name is {x}.", medium, high)
    return Exchange(
        "conversation: name told",
        told(random, fact, split),
        {effort: fact.said(text) for effort, text in said.items()},
        fact.said(REPLIES[0]),
        earlier=small_talk(random, split, random.choice((0, 0, 0, 1))),
    )


def name_corrected(random: Random, split: Split) -> Exchange:
    """The user takes back a name: the later one counts."""
    wrong, right = different(random, random_fact(random, NAME, split), split)
    medium = "The user corrects their name. It is {x}."
    high = f"{medium} The name from before no longer counts, so I say sorry and use the new one from now on."
    said = analyses("Now {x}.", medium, high)
    return Exchange(
        "conversation: name corrected",
        sloppy(random, right.filled(wording(random, NAME.corrected, split)), right.value),
        {effort: right.said(text) for effort, text in said.items()},
        right.said("Sorry, {x}! Now I know your name."),
        earlier=telling(random, wrong, split),
    )


def name_asked(random: Random, split: Split) -> Exchange:
    """What is my name? It was told one to four turns ago, maybe corrected since, or in this very message."""
    fact = random_fact(random, NAME, split)
    if random.random() < 0.06:
        question = f"{told(random, fact, split)} {wording(random, NAME.asked, split)}"
        return recalled(fact, question, small_talk(random, split, random.choice((0, 1))), [fact])
    before = telling(random, fact, split)
    if random.random() < 0.2:
        wrong, fact = different(random, fact, split)
        before = (*telling(random, wrong, split), *correcting(random, fact, split))
    elif random.random() < 0.08:
        before = named_by_assistant(random, fact, split)
    start = small_talk(random, split, random.choice((0, 0, 0, 1)))
    others = about_others(random, split)[1] if random.random() < 0.15 else ()
    between = small_talk(random, split, random.choice((0, 0, 1, 1, 2)))
    return recalled(fact, wording(random, NAME.asked, split), (*start, *before, *others, *between), [fact])


def name_unknown(random: Random, split: Split) -> Exchange:
    """What is my name? It was never told, though somebody else's may have been."""
    fact = random_fact(random, NAME, split)
    return missing(fact, wording(random, NAME.asked, split), *without(random, fact, split))


def fact_told(random: Random, split: Split) -> Exchange:
    """The user tells something that they may ask for later."""
    fact = random_fact(random, random.choice(KINDS), split)
    medium = "The user tells me something about themselves. I say that I will remember it."
    high = f"{medium} There is no question in it, so a short answer is enough until they ask for it."
    said = analyses("A fact to remember.", medium, high)
    before = small_talk(random, split, random.choice((0, 0, 1)))
    return Exchange("conversation: fact told", told(random, fact, split), said, NOTED, earlier=before)


def fact_asked(random: Random, split: Split) -> Exchange:
    """One of one to three things that were told is asked for."""
    facts = distinct(random, split, random.choice((1, 2, 2, 3)))
    fact = random.choice(facts)
    between = small_talk(random, split, random.choice((0, 0, 1)))
    if len(facts) == 2 and random.random() < 0.3:
        both = f"{told(random, facts[0], split).rstrip('.! ')}. {told(random, facts[1], split)}"
        before: tuple[Message, ...] = finished(both, NOTED)
    else:
        before = tuple(message for each in facts for message in telling(random, each, split))
    return recalled(fact, fact.filled(wording(random, fact.kind.asked, split)), (*before, *between), facts)


def fact_unknown(random: Random, split: Split) -> Exchange:
    """A thing is asked for that was not among those told."""
    fact = random_fact(random, random.choice(KINDS), split)
    return missing(fact, fact.filled(wording(random, fact.kind.asked, split)), *without(random, fact, split))


def name_with_question(random: Random, split: Split) -> Exchange:
    """The user introduces themselves and asks something at once: the question is answered."""
    skill = random.choice(
        (arithmetic.addition, arithmetic.subtraction, capitals.capital, talk.identity, talk.abilities)
    )
    exchange = skill(random, split)
    introduced = told(random, random_fact(random, NAME, split), split).rstrip(".! ")
    return replace(exchange, question=f"{introduced}. {exchange.question}")


def recalled(fact: Fact, question: str, earlier: tuple[Message, ...], facts: Sequence[Fact]) -> Exchange:
    """The answer from what was told."""
    found = verdicts(facts, fact)
    medium = f"The user asks {fact.kind.what}. {found} It is {{x}}."
    high = f"{medium} I look back through our conversation and take the last one they gave, so my answer is {{x}}."
    said = analyses(f"{found} It is {{x}}.", medium, high)
    analysis = {effort: fact.said(text, question) for effort, text in said.items()}
    skill = "conversation: name asked" if fact.kind is NAME else "conversation: fact asked"
    return Exchange(skill, question, analysis, fact.said(fact.kind.recalled, question), earlier=earlier)


def missing(fact: Fact, question: str, earlier: tuple[Message, ...], facts: Sequence[Fact]) -> Exchange:
    """The answer if nothing was told."""
    low = f"{verdicts(facts, fact)} Not told."
    medium = f"The user asks {fact.kind.what}. {low}"
    high = f"{medium} I look back through our conversation and do not find it. I must not guess, so I say so."
    said = analyses(low, medium, high)
    analysis = {effort: fact.said(text, question) for effort, text in said.items()}
    skill = "conversation: name unknown" if fact.kind is NAME else "conversation: fact unknown"
    return Exchange(skill, question, analysis, fact.said(fact.kind.missing, question), earlier=earlier)


def verdicts(facts: Sequence[Fact], wanted: Fact) -> str:
    """`Told: song no, city yes.`: each thing told in turn, up to the one that is wanted. Each step is a small decision."""
    said = []
    for fact in facts:
        is_wanted = fact.is_about(wanted)
        said.append(f"{fact.label} {'yes' if is_wanted else 'no'}")
        if is_wanted:
            break
    return f"Told: {', '.join(said) or 'nothing'}."


def random_fact(random: Random, kind: Kind, split: Split) -> Fact:
    """A thing and a value of a kind."""
    return Fact(kind, kind.thing(random, split), kind.value(random, split))


def distinct(random: Random, split: Split, num_facts: int) -> list[Fact]:
    """Facts about different things with different values; a name may be among them."""
    facts: list[Fact] = []
    while len(facts) < num_facts:
        kind = random.choice((*KINDS, NAME) if num_facts > 1 else KINDS)
        fact = random_fact(random, kind, split)
        if not any(fact.is_about(other) or fact.value == other.value for other in facts):
            facts.append(fact)
    return facts


def different(random: Random, wrong: Fact, split: Split) -> tuple[Fact, Fact]:
    """A fact and another value for the same thing."""
    while True:
        right = replace(wrong, value=wrong.kind.value(random, split))
        if right.value != wrong.value:
            return wrong, right


def told(random: Random, fact: Fact, split: Split) -> str:
    """How the user tells a fact."""
    return sloppy(random, fact.filled(wording(random, fact.kind.told, split)), fact.value)


def sloppy(random: Random, text: str, value: str) -> str:
    """The text as typed in a hurry, now and then: small letters but for the value."""
    if random.random() > 0.1:
        return text
    before, after = text.split(value, 1)
    return f"{before.lower()}{value}{after.rstrip('.!')}"


def telling(random: Random, fact: Fact, split: Split) -> tuple[Message, ...]:
    """A finished turn in which a fact was told; a name now and then beside a question."""
    question = told(random, fact, split)
    if fact.kind is not NAME:
        return finished(question, NOTED)
    if random.random() < 0.12:
        other = random.choice(OTHERS)(random, split)
        return finished(f"{question.rstrip('.! ')}. {other.question}", other.answer)
    return finished(question, fact.filled(expanded(random, random.choice(REPLIES))))


def correcting(random: Random, fact: Fact, split: Split) -> tuple[Message, ...]:
    """A finished turn in which a name was corrected."""
    reply = expanded(random, random.choice(("Sorry, {x}! Now I know your name.", "[Hello|Hi|OK|Sorry], {x}!", "OK.")))
    return finished(fact.filled(wording(random, NAME.corrected, split)), fact.filled(reply))


def named_by_assistant(random: Random, fact: Fact, split: Split) -> tuple[Message, ...]:
    """A finished greeting in which only the assistant says the name."""
    reply = fact.filled(expanded(random, random.choice(REPLIES[:6])))
    return finished(talk.greeting(random, split).question, reply)


def about_others(random: Random, split: Split, avoided: str = "") -> tuple[Fact, tuple[Message, ...]]:
    """A finished turn in which somebody else's name was told, but not that of the user's `avoided` one."""
    while (fact := random_fact(random, SOMEBODY_ELSE, split)).thing == avoided:
        pass
    pattern = wording(random, SOMEBODY_ELSE.told, split)
    return fact if "{thing}" in pattern else replace(fact, thing=""), finished(fact.filled(pattern), NOTED)


def without(random: Random, fact: Fact, split: Split) -> tuple[tuple[Message, ...], list[Fact]]:
    """Finished turns, or none, that do not tell a fact of this kind and thing, and what they tell."""
    messages, facts = small_talk(random, split, random.choice((0, 0, 1, 1, 2))), list[Fact]()
    if random.random() < 0.6:
        facts = [other for other in distinct(random, split, 2) if not other.is_about(fact)]
        messages = (*messages, *(message for other in facts for message in telling(random, other, split)))
    elif random.random() < 0.5:
        other, turn = about_others(random, split, fact.thing)
        messages, facts = (*messages, *turn), [other]
    return messages, facts


def small_talk(random: Random, split: Split, num_turns: int) -> tuple[Message, ...]:
    """Finished turns about something else."""
    exchanges: Sequence[Exchange] = [random.choice(OTHERS)(random, split) for _ in range(num_turns)]
    return tuple(message for past in exchanges for message in finished(past.question, past.answer))


def finished(question: str, answer: str) -> tuple[Message, Message]:
    """A turn that is over."""
    return Message(Role.USER, question), Message(Role.ASSISTANT, unmarked(answer), channel=Channel.FINAL)


SKILLS: dict[Callable[[Random, Split], Exchange], float] = {
    name_told: 1.0,
    name_corrected: 0.6,
    name_asked: 2.0,
    name_unknown: 1.0,
    fact_told: 0.8,
    fact_asked: 2.0,
    fact_unknown: 1.2,
    name_with_question: 0.4,
}
