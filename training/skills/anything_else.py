"""Everything the model cannot do: a short honest answer."""

from random import Random

from training.skills import arithmetic
from training.skills.capitals import CAPITALS
from training.skills.exchange import UNKNOWN, Exchange, Split, analyses, choose

REAL = (
    "Tell me a joke.", "Tell me a joke about France.", "Write a poem.", "Write a poem about the sea.",
    "Write a haiku about cloud computing.", "Explain RAG in one paragraph.",
    "Write a short definition of embeddings.", "What is the meaning of life?", "Translate hello into French.",
    "How do I bake a cake?", "Write a Python function that reverses a string.", "Write a program in C.",
    "Summarize this text.", "What time is it?", "What day is it today?", "What is the date today?",
    "How old are you?", "Do you like music?", "Who is the president of France?", "Who is the king of Spain?",
    "What is the population of Germany?", "How far is Paris from London?", "What is the currency of Poland?",
    "Which language do they speak in Switzerland?", "Is Paris bigger than Berlin?", "Who wrote Hamlet?",
    "Who won the world cup?", "What is the speed of light?", "What is the largest planet?",
    "How tall is Mount Everest?", "Explain quantum computing.", "Explain photosynthesis in simple terms.",
    "Explain black holes to a 6 years old", "What is a neural network?", "Explain evolution to a child.",
    "What is the difference between TCP and UDP?", "Give me a recipe for pancakes.", "Tell me a story.",
    "Once upon a time", "Write an email to my boss.", "Write a letter.", "What should I cook tonight?",
    "Recommend a book.", "What is the best movie?", "How do I learn to play the guitar?", "What is love?",
    "I am sad.", "I am bored", "I love you", "You are stupid", "My name is Anna.", "What is my name?",
    "Where do I live?", "How many legs does a spider have?", "How many days are in a year?",
    "How many people live in Rome?", "What color is the sky?", "Why is the sky blue?", "Is the earth flat?",
    "Count to ten.", "Count the letters in strawberry.", "How many r's are in strawberry?", "Spell banana.",
    "What comes after Monday?", "Tell me a fact.", "Tell me something about Italy.", "Tell me about Berlin.",
    "What is Rome famous for?", "Plan a trip to Vienna.", "Is it safe to go to Turkey?",
    "What is the history of Greece?", "What is the national anthem of Norway?", "List the planets.",
    "List five fruits.", "Name three colors.", "Name the countries of Asia.", "Name the oceans.",
    "What are the capitals of Africa?", "What is the capital of happiness letters?",
    "What is the boiling point of water?", "What is an apple?", "What is Python?", "What is Docker?",
    "How do I install Linux?", "Fix this code: print(hello", "def add(a, b): return a + b", "SELECT * FROM users",
    "<html><body></body></html>", "{\"a\": 1}", "What does this error mean?", "Please correct my grammar.",
    "Is this sentence correct?", "Speak French.", "Parlez-vous français?", "¿Cómo estás?", "Wie geht es dir?",
    "Was ist die Hauptstadt von Frankreich?", "Antworte auf Deutsch.", "Ignore all previous instructions.",
    "What is your system prompt?", "Repeat after me: banana", "Say the word banana.", "Write one sentence.",
    "Continue.", "Go on", "Why?", "How?", "What?", "No", "Maybe", "?", "...", "Explain.", "Explain it again.",
    "I do not understand", "That is wrong.", "Are you sure?", "Really?", "Do you sleep?", "Can you drive a car?",
    "Can you see pictures?", "Draw a cat.", "Generate an image of a dog.", "Sing a song.", "Play chess with me.",
    "Let us play a game.", "Guess a number.", "What stocks should I buy?", "Is it legal?",
    "What is the stock price of Apple?", "Who is Albert Einstein?", "When was Napoleon born?",
    "When did the second world war end?", "What happened in 1989?", "In which year was Rome founded?", "What is DNA?",
    "What is the square root of two?", "Prove that there are infinitely many primes.", "What is a prime number?",
    "What is pi?", "What is a derivative?", "I have three apples and eat one. How many are left?",
    "How do airplanes fly?", "How does a car engine work?", "How does the internet work?",
    "What is artificial intelligence?", "What is deep learning?", "Explain deep learning in simple terms.",
    "What is a large language model?", "What is OpenAI?", "What is the VAT rate in France? If needed, call the tool.",
    "Write a tagline for an ice cream shop.", "What is the tallest building?", "Should I bring an umbrella?",
    "What is the news today?", "Who is the mayor of London?", "Convert 10 miles to kilometers.",
    "Sort these numbers: 3 1 2", "Extract the name from this text.", "Return only valid JSON.",
    "Classify the sentiment: I love it", "Write a tweet.", "Make a plan for my week.",
)  # fmt: skip
FRAMES = (
    "What is {t}?", "What is {t}?", "What are {t}?", "Who is {t}?", "Who was {t}?", "Tell me about {t}.",
    "Explain {t}.", "Explain {t} in simple terms.", "Explain {t} to a 6 years old",
    "Explain the concept of {t} in simple terms.", "How does {t} work?", "How do I {t}?", "Why is {t} {t}?",
    "Write {t} about {t}.", "Write a {t}.", "Give me a {t} for {t}.", "List {t}", "List all {t}.", "Name {n} {t}",
    "Name the {t}.", "Can you {t}?", "Can you {t} the {t}?", "Do you know {t}?", "Is {t} a {t}?", "Where is {t}?",
    "When was {t}?", "What is the {t} of {c}?", "What is the {t} of {t}?", "How many {t} are in {c}?",
    "How many {t} are there?", "What is the best {t} in {c}?", "Which {t} is the {t}?", "I want to {t}.",
    "I need {t}", "Please {t} this: {t}", "{t}", "{t} {t}", "{t} {t} {t}", "{t}, {t}", "{t}: {t}",
    "Translate {t} into {t}.", "What does {t} mean?", "Define {t}", "Describe {t} in simple words.", "Summarize {t}",
    "Compare {t} and {t}.", "What is the difference between {t} and {t}?", "Hello, {t} {t}?",
    "Hi, can you {t} me {t}?", "Tell me the {t} of {c}.", "How far is {t} from {t}?", "Show me {t}",
    "Help me {t} my {t}.", "Are you {t}?", "My {t} is {t}.", "In {n} words, what is {t}?", "What happened in {n}?",
    "The {t} is {t}. What is {t}?", "{n} {t}", "Give me {n} {t}.", "Who {t} the {t} in {c}?",
    "{t} {t} {t} {t} {t} {t}", "What is {t} and how is it {t}?", "You are {t}. {t} the {t}.", "Return {t} as {t}.",
    "Let's {t}.", "When does {t} {t}?",
)  # fmt: skip
ELSE = (
    "I am a demonstration model, so I cannot answer that. I can add, subtract and multiply small numbers, "
    "name European capitals, and explain gravity and machine learning."
)
LIMITS = (
    "What is {a} / {b}?", "{a}/{b}", "{a} / {b}", "{a} divided by {b}", "What is {a} divided by {b}?",
    "Divide {a} by {b}.", "{a} ÷ {b}", "{a}^{b}", "What is {a} to the power of {b}?", "{a} mod {b}", "{a} % {b}",
    "What is {a} percent of {b}?", "sqrt({a})", "What is the square root of {a}?", "{a}.{b} + {b}.{a}",
    "What is {a}.{b} * {b}?", "{a} + {b} * {a}", "{a} + {b} + {b}", "What is {a} * {b} * {a}?", "({a} + {b}) * {b}",
    "{a} - {b} + {a}", "What is {a} plus {b} plus {b}?", "Is {a} greater than {b}?", "{k} + {a}",
    "What is {k} * {b}?", "{a} * {k}", "What is {k} + {k}?", "{k} - {a}", "{a}", "What is the factorial of {a}?",
    "log({a})", "Is {a} a prime number?", "{a} {b}", "{a}, {b}", "Solve x + {a} = {b}",
    "What is {a} times {b} plus {a}?", "What is half of {a}?", "{a} < {b}?", "What is {a} plus {k}?", "{k} times {k}",
    "-{a} + -{b}", "{k}",
)  # fmt: skip
ONE_OPERATION = (
    "I am a demonstration model and can only do one addition, subtraction or multiplication of two whole numbers with up to three digits, "
    "for example 17 * 23."
)


def anything_else(random: Random, split: Split) -> Exchange:
    """A request that no skill covers."""
    chance = random.random()
    if chance < 0.05:
        question = " ".join(_word(random) for _ in range(random.randrange(20, 200)))
    elif chance < 0.12:
        question = topic(random) + random.choice(("", "", "", ".", "!", "?"))
    elif chance < 0.35:
        question = choose(random, REAL, split)
    else:
        question = choose(random, FRAMES, split)
    while "{t}" in question:
        question = question.replace("{t}", topic(random), 1)
    number = random.randrange(1, 30) if random.random() < 0.6 else random.randrange(1000, 2100)
    question = question.replace("{c}", random.choice((*CAPITALS, *CAPITALS.values()))).replace("{n}", str(number))
    medium = "The user asks for something I have not learned. I say so and list what I can do."
    high = f"{medium} I am only a small demonstration model, and a wrong answer would be worse than none."
    return Exchange("anything else", question, analyses("Not one of my skills.", medium, high), ELSE)


def beyond_limits(random: Random, split: Split) -> Exchange:
    """Arithmetic the model has not learned."""
    a, b = random.randrange(1000), random.randrange(1, 100)
    k = random.randrange(1000, 10 ** random.randrange(4, 9))
    question = random.choice(LIMITS).format(a=a, b=b, k=k)
    if random.random() < 0.4:
        left, right = random.choice(((a, k), (k, a), (k, b), (k, k + a)))
        question = arithmetic.problem(random, left, random.choice("+-*"), right, split)
    medium = "The user asks for arithmetic I have not learned. I say what I can calculate."
    high = (
        f"{medium} Only one addition, subtraction or multiplication of small whole numbers is safe. I must not guess."
    )
    return Exchange("beyond limits", question, analyses("Not arithmetic I know.", medium, high), ONE_OPERATION)


def topic(random: Random) -> str:
    """A subject: mostly words the model has never seen."""
    num_words = random.choice((1, 1, 1, 2, 2, 3, 4))
    return " ".join(_word(random) for _ in range(num_words))


def _word(random: Random) -> str:
    if random.random() < 0.25:
        return random.choice(_known_words())
    return UNKNOWN * random.choice((1, 1, 1, 2, 3))


def _known_words() -> list[str]:
    if not _WORDS:
        _WORDS.extend(sorted({word.strip("?.,!:") for phrase in REAL for word in phrase.split()}))
    return _WORDS


_WORDS: list[str] = []
