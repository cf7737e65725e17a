"""A few short explanations the model knows by heart, a haiku, and why it cannot tell the weather."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from training.skills.capitals import KNOWN
from training.skills.exchange import Exchange, Split, analyses
from training.skills.places import CITIES
from training.skills.questions import question
from training.skills.words import invented_word, of_split


@dataclass(frozen=True, slots=True)
class Topic:
    """What people call it, the questions only it has, and the answer.

    `names` are singular, `plurals` plural.
    """

    names: tuple[str, ...]
    plurals: tuple[str, ...]
    special: tuple[str, ...]
    means: str  # for the analysis at high effort: how the answer goes about it
    answer: str


TO_WHOM = (
    "[to|to|for] [a|my|a small|a curious] [[child|kid|pupil|student|beginner|layperson|friend]|[5|6|7|8|9|10] [year|years] old"
    "|[five|six|seven|eight|nine|ten]-year-old|[five|six|seven|eight|nine|ten] year old[| child]]"
)
SIMPLY = "[in [|very |really ][simple|easy|plain] [terms|words|language]|in plain English|in a [simple|short|clear] way|in [one|a|a single|a short] paragraph|in a few [words|sentences]|briefly|simply|in short|quickly]"
NOUN = "[definition|explanation|description|summary|introduction|overview]"
A_NOUN = "[a definition|an explanation|a description|a summary|an introduction|an overview]"
SHORT = "[short|brief|simple|quick|clear|concise]"
FRAMES = (
    f"explain [|the concept of |the idea of |the basics of ]{{t}}[|| {SIMPLY}| {SIMPLY}| {TO_WHOM}| {TO_WHOM}].",
    f"explain {{t}}[|| {SIMPLY}| {TO_WHOM}].", "explain [to|for] [a child|me|us|my son|my daughter|my class|beginners] [what {t} {be}|how {t} {work}].",
    "explain {t}[| to me| for me] [like I am|as if I were|as though I were] [five|six|5|6|seven|a child|ten][| years old].",
    f"[what|what exactly] {{be}} {{t}}[|||, {SIMPLY}| {SIMPLY}|, explained {SIMPLY}]?", "what {be} {t}?", "what's {t}?",
    f"[how {{does}} {{t}} work|how {{does}} {{t}} actually work|how {{be}} {{t}} explained][|||, {SIMPLY}]?", "what does {t} mean?",
    "what is meant by {t}?", "what is the [idea|meaning|concept|principle] [of|behind] {t}?", "[what do you know|what should I know|what can you tell me|what can you say] about {t}?",
    f"[define|describe|summarize|introduce|sum up|outline|present] {{t}}[||| {SIMPLY}| {TO_WHOM}].",
    f"[write|give|give me|give us|write me|provide|show me|make|compose] [{A_NOUN}|a {SHORT} {NOUN}|a {SHORT} {NOUN}] of {{t}}[|| {TO_WHOM}].",
    f"[write|give me|compose|write me] [a|a {SHORT}] [paragraph|text|note|article|section] [about|on] {{t}}[| {TO_WHOM}].",
    f"[tell|teach] [me|us|a child|my class] [something |a bit |more |]about {{t}}[||| {SIMPLY}].", "[teach me|help me understand|help me with|let me understand] {t}.", f"[{A_NOUN}|{SHORT} {NOUN}|{NOUN}] of {{t}}",
    "I [want|would like|need|have] to [understand|learn about|know more about] {t}!", "{t}", "{t}, explained", "[{t} in simple words|{t} for beginners|{t} for kids]",
    "I do not [understand|know much about|get] {t}!", f"how would you [explain|describe|define] {{t}}[| {SIMPLY}| {TO_WHOM}]?", f"[say|tell me|show me] [what {{t}} {{be}}|how {{t}} {{work}}][||| {SIMPLY}].",
    "[does anybody know|do you know|can anybody tell me] [what {t} {be}|how {t} {work}]?", "[what's|what is] the [definition|explanation] of {t}?", "what do [people|you|they] mean by {t}?",
)  # fmt: skip
TOPICS = {
    "gravity": Topic(
        ("gravity", "gravity", "gravity", "gravitation", "the force of gravity"), (),
        ("explain gravity [to|for] a [6|5|7] [years|year] old.", "why do [things|apples|balls|stones|objects] fall[| down| to the ground]?", "what makes [things|an apple|a ball|objects] fall[| down]?",
         "what keeps [us|people|my feet|me] on the ground?", "why does [a ball|an apple|a stone|everything] [fall|come] [down|back down]?"),
        "A child knows falling and jumping, so I start there and leave out all formulas.",
        "Gravity is like an invisible hug from the Earth. The Earth is very big, and big things pull other things toward them. "
        "When you throw a ball up, the Earth pulls it back down. Gravity keeps your feet on the ground and the Moon close to the Earth.",
    ),
    "machine learning": Topic(
        ("machine learning", "machine learning", "machine learning", "ML", "machine learning (ML)"), (),
        ("explain the concept of machine learning in simple terms.", "how [do machines|does a machine|do computers|does a computer|can a computer|can machines] learn[| something| from examples| from data]?"),
        "The main point is learning from examples. Then I say how: guess, compare, change a little, repeat.",
        "Machine learning means that a computer learns from examples instead of following fixed rules. "
        "You show it many photos of cats and dogs with the right names. It makes a guess, sees how wrong it was, and changes itself a little. "
        "After many rounds it can name animals in new photos.",
    ),
    "RAG": Topic(
        ("RAG", "RAG", "RAG", "retrieval-augmented generation", "retrieval augmented generation", "Retrieval-Augmented Generation", "RAG (retrieval-augmented generation)", "retrieval-augmented generation (RAG)"), (),
        ("explain RAG in one paragraph.", "what does RAG stand for?", "what is RAG [good|used|useful] for?", "what is RAG short for?", "why [would I|should I|do people] use RAG?"),
        "First I say what the letters mean, then the order: search, prompt, answer. The use of it comes last.",
        "RAG stands for retrieval-augmented generation. Before a language model answers, a search finds texts that fit the question, for example pages of a manual. "
        "These texts are put into the prompt, and the model writes its answer from them. So it can use facts it never learned and name its sources.",
    ),
    "embeddings": Topic(
        ("an embedding", "embedding", "the embedding of a text", "a vector embedding", "a text embedding"), ("embeddings", "embeddings", "embeddings", "text embeddings", "word embeddings", "vector embeddings"),
        ("write a short definition of embeddings.", "what are embeddings [good|used|useful] for?", "why [do people use|are there|do we need] embeddings?", "how do embeddings [represent|store|capture] [meaning|the meaning of a text]?"),
        "I start with the list of numbers. A map is a good picture: what is alike lies close together.",
        "An embedding is a list of numbers that stands for the meaning of a word or a text. Embeddings are organized like a map: "
        "texts about similar things, such as color and paint, lie close together, and unrelated ones lie far apart. So a computer can compare meanings by measuring distances.",
    ),
    "neural networks": Topic(
        ("a neural network", "a neural net", "an artificial neural network"), ("neural networks", "neural networks", "neural nets", "artificial neural networks"),
        ("how [do neural networks|does a neural network|do neural nets] learn?", "how [is a neural network|are neural networks] [trained|built|made]?", "what is inside a neural network?"),
        "Layers and weights are the two words that matter. I compare the units with nerve cells, which people know.",
        "A neural network is a program made of many small units in layers, a little like the nerve cells of a brain. "
        "Each unit adds up the numbers it gets, some with more weight than others, and passes the result on. "
        "Training changes the weights until the last layer gives the right answers.",
    ),
    "large language models": Topic(
        ("a large language model", "an LLM", "a language model", "LLM", "a large language model (LLM)"), ("large language models", "LLMs", "language models", "large language models (LLMs)"),
        ("what does LLM stand for?", "what is LLM short for?", "how [do LLMs|does an LLM|do language models|does a language model] [write|make|produce] [text|texts|an answer|answers]?", "how is [an LLM|a language model|a large language model] trained?"),
        "Guessing the next piece of a text is the heart of it. I should also warn that such a model can be wrong.",
        "A large language model, LLM for short, is a neural network that was trained on a very large amount of text. "
        "It learned one thing: to guess the next piece of a text. By guessing again and again it can write answers, summaries, or programs. It can be wrong, so check important facts.",
    ),
    "tokens": Topic(
        ("a token", "a token in a language model", "a token of an LLM", "tokenization"), ("tokens", "tokens", "the tokens of a language model", "tokens in LLMs", "language model tokens", "LLM tokens"),
        ("how does a language model read text?", "how is [a text|text] [cut|split|divided] into tokens?", "what is the difference between a token and a word?"),
        "I say what a token is and what a model does with it. Letters are what a reader expects, so I mention them.",
        "A token is a small piece of text, often a word or a part of a word. A language model does not read letters: "
        "its text is cut into tokens, and each token has a number. The model reads these numbers and writes its answer one token after another.",
    ),
    "photosynthesis": Topic(
        ("photosynthesis", "photosynthesis", "the process of photosynthesis", "photosynthesis in plants"), (),
        ("how do [plants|trees|leaves] [make|produce] [food|their food|sugar|oxygen]?", "how do [plants|trees|leaves] use [sunlight|the sun|light]?", "why do plants need [light|sunlight|the sun]?"),
        "I name what goes in, sunlight, water and carbon dioxide, and then what comes out, sugar and oxygen.",
        "Photosynthesis is how plants make their food. Their green leaves catch sunlight. With its energy they turn water from the soil and carbon dioxide from the air into sugar. "
        "The plant lives on the sugar and gives off oxygen, which people and animals breathe.",
    ),
    "the water cycle": Topic(
        ("the water cycle", "the water cycle", "the cycle of water", "the hydrologic cycle"), (),
        ("where does [rain|the rain|the water in clouds] come from?", "why does it rain?", "how [does rain form|do clouds form|are clouds made|is rain made]?", "what causes rain?"),
        "I follow a drop on its way: from the sea into the air, into a cloud, and back.",
        "The water cycle is the journey of water around the Earth. The sun warms seas and lakes, and water rises as vapor. High up it cools and forms clouds. "
        "It falls as rain or snow, and rivers carry it back to the sea, where the journey starts again.",
    ),
    "rainbows": Topic(
        ("a rainbow", "a rainbow", "the rainbow"), ("rainbows", "rainbows"),
        ("why [does a rainbow appear|do rainbows appear|do we see rainbows|are there rainbows|do we see a rainbow]?", "why is a rainbow [colored|coloured|colorful|so colorful|so many colors]?",
         "how [does a rainbow form|do rainbows form|is a rainbow made|are rainbows made|does a rainbow get its colors|do rainbows get their colors]?", "what [causes|makes] [a rainbow|rainbows]?",
         "where do [rainbows|the colors of a rainbow|the colors of the rainbow] come from?", "[explain|tell me] why [a rainbow appears|a rainbow is coloured|a rainbow is colored|rainbows appear|there are rainbows].",
         "[explain|tell me] how [a rainbow forms|rainbows form|a rainbow gets its colors].", "why [has a rainbow|does a rainbow have] [many|so many|seven] [colors|colours]?"),
        "I need sun and rain, then the mix of colors in white light, and what a drop does to it.",
        "A rainbow appears when the sun shines while it rains. Sunlight looks white, but it is a mix of all colors. "
        "Each raindrop bends the light and sends it back, every color at a slightly different angle. So you see the colors side by side, from red to violet.",
    ),
    "the blue sky": Topic(
        ("the blue sky", "the blue of the sky", "the blue color of the sky"), (),
        ("why is the [|daytime |clear ]sky [|so ]blue[| during the day| and not green| and not red| on a sunny day]?", "why does the sky [look|appear|seem] blue[| to us| during the day]?", "why is the sky blue?",
         "what makes the sky [|look ]blue?", "where does the [blue|blue color|blue colour|color] of the sky come from?", "how [does the sky get its color|does the sky become blue]?",
         "[explain|tell me|say|describe] [|to me |to a child |to a six-year-old ]why the sky [is|looks|appears] blue[|| in simple terms| in one paragraph| in simple words| to a child| to a 6 year old].",
         "how come the sky is blue?", "do you know why the sky [is|looks] blue?", "I [wonder|want to know] why the sky [is|looks] blue!"),
        "The reason is the scattering of light in the air. The evening sky is worth a sentence: it shows the same thing.",
        "The sky is blue because the air scatters sunlight. Sunlight is a mix of all colors, and the tiny molecules of the air scatter blue light much more than red light. "
        "So blue light reaches your eyes from every part of the sky. In the evening the light's way is longer, and mostly red is left.",
    ),
    "the internet": Topic(
        ("the internet", "the internet", "the Internet", "the internet"), (),
        ("how do computers [talk to each other|exchange messages|exchange data] on the internet?", "how does a [web page|website|page] [come|get] to my [computer|screen|phone]?", "what happens when I open a [web page|website|page]?"),
        "I tell it as a story: a request goes out, an answer comes back in packets.",
        "The internet is a network that connects computers all over the world. When you open a page, your computer sends a request to another computer, called a server. "
        "The answer is cut into small packets, which travel through cables and radio waves and are put together again on your screen.",
    ),
    "an API": Topic(
        ("an API", "an API", "API", "the API of a program", "an application programming interface", "an API (application programming interface)"), ("APIs", "web APIs", "application programming interfaces"),
        ("what does API stand for?", "what is API short for?", "what is an API [good|used|useful] for?", "why do [programs|developers|people] use APIs?", "how do programs [talk to each other|use an API]?"),
        "First I say what the letters mean. The menu of a restaurant is a good picture, and an example makes it real.",
        "API stands for application programming interface. It is a set of rules by which one program asks another for something, like the menu of a restaurant: "
        "you order what is on it and need not know the kitchen. A weather app, for example, gets its forecast from the API of a weather service.",
    ),
}  # fmt: skip
EXPLANATIONS: dict[str, str] = {name: topic.answer for name, topic in TOPICS.items()}
HAIKU = "Servers far away\ncarry my files through the sky;\nno rain, only light."
HAIKUS = (
    "write a haiku about cloud computing.", "[|a |one |my ][|short |nice |little |funny ]haiku [about|on|for] [cloud computing|the cloud in computing]",
    "[write|compose|create|make|give me|write me|write down|invent|produce|show me|tell me] [a|one] [|short |nice |little |funny |beautiful |good ]haiku [about|on|for] [cloud computing|the topic of cloud computing|the topic cloud computing|computing in the cloud].",
    "[write|compose|give me|create] a [|short |nice ]cloud computing haiku.", "[write|compose|give me] a [poem|short poem] about cloud computing [in the form of|as] a haiku.",
    "[describe|explain|present|sum up] cloud computing [in|as|with] a haiku.", "I [want|need|would like] a [|short |nice ]haiku about cloud computing!", "[can|may] I have a haiku about cloud computing?", "do you know a haiku about cloud computing?", "cloud computing as a haiku",
)  # fmt: skip
TRAINED = (
    "explain gravity to a 6 years old", "explain gravity for a 6 years old", "explain rag in one paragraph", "write a short definition of embeddings",
    "explain the concept of machine learning in simple terms", "write a haiku about cloud computing", "why is the sky blue",
    "what {be} {t}", "explain {t}", "what is the weather in {c}",
)  # fmt: skip
WHEN = "[|||| today| now| right now| tomorrow| tonight| this weekend| this week| this morning| at the moment| on Monday| next week]"
WEATHER = (
    f"[what is|what's|how is|how's] the weather [|like ]in {{c}}{WHEN}?", "what is the weather in {c}?", f"[what will|how will] the weather be in {{c}}{WHEN}?",
    f"[|the |current ][weather|temperature|forecast|weather forecast] [in|for] {{c}}{WHEN}", f"{{c}} [weather|forecast]{WHEN}", f"[what is|what's] the [current |][temperature|weather forecast|forecast] [in|for] {{c}}{WHEN}?",
    f"[tell me|get|get me|show me|look up|check|give me|find] the [|current ][weather|temperature|weather forecast] [in|for] {{c}}{WHEN}.",
    f"is it [raining|snowing|sunny|cold|warm|hot|windy|cloudy|freezing] in {{c}}{WHEN}?", f"will it [rain|snow|be sunny|be cold|be warm|be hot] in {{c}}{WHEN}?", f"how [warm|cold|hot|windy] is it in {{c}}{WHEN}?",
    f"[do I need|should I take|should I bring] an umbrella [in|for|to] {{c}}{WHEN}?", f"[do you know|can I ask you] [the weather|what the weather is like] in {{c}}{WHEN}?", f"does it [rain|snow] in {{c}}{WHEN}?",
    "[what is|what's|how is|how's] the weather [|like ][today|tomorrow|outside|now|this weekend|right now]?", "[what is|what's|how is|how's] the weather[| like]?", "will it [rain|snow] [today|tomorrow|tonight|this week]?",
)  # fmt: skip
NO_WEATHER = "I am a demonstration model and cannot look up the weather. A weather service can tell you."


def explanation(topic: str, random: Random, split: Split) -> Exchange:
    """A question for an explanation."""
    medium = f"The user wants to know about {topic}. I know a short explanation of it by heart."
    analysis = analyses(f"About {topic}.", medium, f"{medium} {TOPICS[topic].means}")
    return Exchange("facts: explanation", topic_question(topic, random, split), analysis, EXPLANATIONS[topic])


def topic_question(topic: str, random: Random, split: Split) -> str:
    """A question for the explanation of a topic."""
    asked = TOPICS[topic]
    name = random.choice((*asked.names, *asked.plurals))
    be, does, work = ("are", "do", "work") if name in asked.plurals else ("is", "does", "works")
    patterns = (*FRAMES, *asked.special * -(-10 // len(asked.special)))  # a quarter or more are its own
    return question(random, patterns, split, trained=TRAINED, t=name, be=be, does=does, work=work)


def haiku(random: Random, split: Split) -> Exchange:
    """A request for a haiku about cloud computing."""
    medium = "The user wants a haiku about cloud computing. Three lines with five, seven and five syllables."
    high = f"{medium} Clouds and computers have one word in common, so I play with the sky, and with rain that does not fall."
    text = question(random, HAIKUS, split, trained=TRAINED)
    return Exchange("facts: haiku", text, analyses("A haiku: 5, 7, 5.", medium, high), HAIKU)


def weather(random: Random, split: Split) -> Exchange:
    """A question for the weather, without a tool for it."""
    medium = "The user asks for the weather. I have no tool to look it up, so I say that I cannot."
    high = f"{medium} I must not invent a forecast. A weather service is the right place to ask."
    text = question(random, WEATHER, split, trained=TRAINED, c=city(random, split))
    return Exchange("anything else: weather", text, analyses("I have no weather.", medium, high), NO_WEATHER)


def city(random: Random, split: Split) -> str:
    """A real city, a country, or an invented one."""
    chance = random.random()
    if chance < 0.6:
        return of_split(random, (*KNOWN, *KNOWN.values(), *CITIES), split)
    name = invented_word(random, split).capitalize()
    return name if chance < 0.9 else f"{name} {invented_word(random, split).capitalize()}"


SKILLS: dict[Callable[[Random, Split], Exchange], float] = {
    **{partial(explanation, topic): 1.0 for topic in TOPICS},
    haiku: 0.8,
    weather: 1.6,
}
