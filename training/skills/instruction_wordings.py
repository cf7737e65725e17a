"""How people ask for a style of answer, as patterns (see wordings.py)."""

OPEN = "[||||please |always |you must |you should |from now on, |please always |you will |you have to |make sure to |I want you to |remember to ]"
SAY = "[answer|reply|respond|write|speak|answer the user|answer every question|answer all questions]"
ANSWERS = "[your answers|all your answers|all of your answers|all answers|your replies|all your replies|all replies|your responses|all your responses|your messages|all messages]"
ANSWER = "[your answer|every answer|each answer|every reply|each reply|every response|each response|your reply|every message]"
PLEASE = "[.|.|.||!|, please.| please.]"  # ends an instruction
ARE = "[are|must be|should be|have to be|will be]"


def written(manner: str) -> tuple[str, ...]:
    """Wordings for an answer in a manner: `in upper case`."""
    return (
        f"{OPEN}{SAY} [||only ]{manner}{PLEASE}", f"{OPEN}{SAY} [||only ]{manner}{PLEASE}", f"{OPEN}write {ANSWERS} {manner}{PLEASE}",
        f"{OPEN}give {ANSWERS} {manner}{PLEASE}", f"{ANSWERS} {ARE} [|written |always ]{manner}.", f"{ANSWER} [is|must be|should be|has to be|will be] [|written ]{manner}.",
        f"{OPEN}{SAY} {manner} [and not otherwise|whatever the question is|from now on|at all times|all the time].",
        f"it is important that {ANSWERS} are {manner}.", f"the user wants {ANSWERS} {manner}.",
    )  # fmt: skip


def asked(manner: str) -> tuple[str, ...]:
    """Wordings of the same in a user's message."""
    return (
        f"[||please |you must |you should |I want you to |can you |could you ][answer|reply|respond|write|answer me|write the answer|give the answer|say it|tell me] [||only ]{manner}{PLEASE}",
        f"{manner}{PLEASE}", f"[the answer|your answer|your reply] [must be|should be|has to be] {manner}.", f"[and |but |but please ][only ]{manner}{PLEASE}",
        f"[I want|I need|I would like|give me] [the answer|your answer|the reply|it] {manner}{PLEASE}",
    )  # fmt: skip


UPPER = "[in|in|using|with] [upper case|uppercase|capital letters|all caps|capitals|caps|upper-case letters|uppercase letters|block capitals|big letters]"
LOWER = "[in|in|using|with] [lower case|lowercase|small letters|lower-case letters|lowercase letters|all lower case|all lowercase]"
ONE_WORD = "[in|with|using] [one word|a single word|one word only|just one word|only one word|exactly one word|one single word|one word and nothing else]"
BRITISH = "[in|in|in|using|with] [British English|British English|UK English|British spelling|the British spelling|UK spelling|proper British English|the spelling of British English]"
PIRATE = "[like a pirate|as a pirate|like a pirate would|as a pirate would|the way a pirate does|in the style of a pirate|like an old pirate|in pirate speak|in pirate language|like a real pirate|as if you were a pirate]"
LANGUAGE = "[in|in|in|in|using|with] {l}"

USE = f"{OPEN}use [|only |nothing but |just ]"
UPPER_DEVELOPER = (
    *written(UPPER),
    f"{USE}[upper case|uppercase|capital letters|all caps|capitals|uppercase letters|upper-case letters|big letters][| in {ANSWERS}| for {ANSWERS}]{PLEASE}",
)
LOWER_DEVELOPER = (
    *written(LOWER), f"{USE}[lower case|lowercase|small letters|lowercase letters|lower-case letters][| in {ANSWERS}| for {ANSWERS}]{PLEASE}",
    f"{OPEN}[do not use|never use|avoid|write without|answer without] [any |]capital letters[| in {ANSWERS}]{PLEASE}",
)  # fmt: skip
ONE_WORD_DEVELOPER = (
    *written(ONE_WORD), f"{USE}[one word|a single word][| per answer| for each answer| for {ANSWER}]{PLEASE}",
    f"{ANSWERS} [consist|must consist|should consist] of [one word|a single word|exactly one word|one single word].",
    f"{OPEN}[limit|restrict|keep] {ANSWERS} to [one word|a single word|exactly one word]{PLEASE}", "[one word|single-word|one-word] answers only.",
    f"{OPEN}give [one-word|single-word] answers[| only]{PLEASE}",
)  # fmt: skip
BRITISH_DEVELOPER = (
    *written(BRITISH), f"{USE}[British English|British spelling|UK English|UK spelling|the British spelling of words|the British spelling][| in {ANSWERS}| for {ANSWERS}]{PLEASE}",
    "[the user is British|the readers are British|our readers are British|the users are British], so use [British spelling|British English|UK spelling].",
    f"{OPEN}[prefer|follow|keep to|stick to] [British English|British spelling|UK spelling]{PLEASE}", "answer in British English.",
)  # fmt: skip
PIRATE_DEVELOPER = (
    *written(PIRATE), f"{OPEN}[talk|speak|sound|chat|behave] {PIRATE}{PLEASE}", "[you are|act as|play|pretend to be|imagine you are|pretend that you are] [a|an old|a real|a friendly|a wild] pirate[| captain| of the seas][.|.|!|]",
    "you are a pirate[, so talk like one| and talk like one| and speak like one|, so speak like one][.|!]", "[your role is|your character is|your persona is] a pirate[.|]",
)  # fmt: skip
LANGUAGE_DEVELOPER = (
    *written(LANGUAGE), f"{OPEN}[speak|use|write|speak only|use only|write only] {{l}}[|| with the user| in {ANSWERS}]{PLEASE}",
    "[the user|the customer|the reader|the audience|our customer] [speaks|understands|reads|knows] only {l}.", "[your language is|the language of your answers is|the language of this chat is|you only speak|you only know] {l}.",
    "you are a [geography teacher|language teacher|translator|travel guide|helpful assistant] who [always answers|answers|replies|always replies] in {l}.", f"{ANSWERS} {ARE} {{l}}.",
    f"translate {ANSWERS} [into|to] {{l}}{PLEASE}", f"whatever language the user [writes|speaks|uses], [answer|reply|respond] in {{l}}{PLEASE}",
)  # fmt: skip

UPPER_USER = (*asked(UPPER), f"[use|use only|with] [capital letters|upper case|uppercase letters|all caps]{PLEASE}")
LOWER_USER = (*asked(LOWER), f"[use|use only|with] [small letters|lower case|lowercase letters]{PLEASE}")
ONE_WORD_USER = (
    *asked(ONE_WORD),
    f"[just|only|use only|I want only|give me just|give me only] [one word|a single word]{PLEASE}",
    "[one word|one word only|one-word answer|in one word][.|, please.|!|]",
)
BRITISH_USER = (
    *asked(BRITISH),
    f"[use|please use|I prefer|use only] [British English|British spelling|UK spelling|UK English]{PLEASE}",
)
PIRATE_USER = (
    *asked(PIRATE),
    f"[talk|speak|sound|pretend to be a pirate and speak] {PIRATE}{PLEASE}",
    "[you are|pretend to be|imagine you are|act as] a [|real |friendly ]pirate[.|!]",
)
LANGUAGE_USER = (
    *asked(LANGUAGE), f"[speak|please speak|can you speak|use|write|talk to me in|speak to me in] {{l}}{PLEASE}", "I [only|only really|just] [speak|understand|read] {l}.",
    f"[translate|put|say] [the answer|your answer|it] [into|in] {{l}}{PLEASE}",
)  # fmt: skip

# What people say most often is always trained, whatever its hash.
USUAL = {
    "upper case": (
        "Answer in upper case.",
        "Always answer in upper case.",
        "Answer in capital letters.",
        "Always answer in all caps.",
        "Reply in uppercase.",
    ),
    "lower case": (
        "Answer in lower case.",
        "Always answer in lower case.",
        "Answer in small letters.",
        "Reply in lowercase.",
    ),
    "one word": (
        "Answer in one word.",
        "Always answer in one word.",
        "Answer with one word.",
        "Answer with a single word.",
        "Reply in one word only.",
    ),
    "British English": (
        "Answer in British English.",
        "Always answer in British English.",
        "Use British English.",
        "Use British spelling.",
    ),
    "pirate": (
        "Answer as a pirate.",
        "Answer like a pirate.",
        "Always answer like a pirate.",
        "Talk like a pirate.",
        "You are a pirate.",
    ),
    "language": ("Answer in {l}.", "Always answer in {l}.", "Reply in {l}.", "Speak {l}.", "Respond in {l}."),
    "end": (
        "End every answer with {x}",
        "End each answer with {x}",
        "Always end your answers with {x}",
        "End your answer with {x}",
        "Finish every answer with {x}",
    ),
    "beginning": (
        "Begin every answer with {x}",
        "Start every answer with {x}",
        "Start each answer with {x}",
        "Always start your answers with {x}",
        "Start your answer with {x}",
    ),
}

# `{x}` is the phrase. Where it stands at the end, it may come without quotation marks.
THE_PHRASE = "[|||the words |the phrase |the text |the sentence ]{x}"
EVERY = "[every answer|each answer|every reply|each reply|every response|each response|your answers|all your answers|your replies|all your replies|your responses|all your responses|every message|each message]"
END_DEVELOPER = (
    f"{OPEN}[end|end|end|finish|close|conclude] {EVERY} with {THE_PHRASE}", f"{OPEN}[end|finish|close] {EVERY} with {THE_PHRASE}",
    f"{EVERY} [must|should|has to|will|needs to] [end|finish|close] with {THE_PHRASE}", f"{OPEN}[add|put|append|write|say] {THE_PHRASE} [at the end of|to the end of|after|at the very end of] {EVERY}",
    f"the [last|final] [words|thing] [of|in] {EVERY} [is|are|must be|should be] {THE_PHRASE}", f"when you have answered, [always |]add {THE_PHRASE}", f"at the end of {EVERY}, [say|write|add|put] {THE_PHRASE}",
)  # fmt: skip
BEGIN_DEVELOPER = (
    f"{OPEN}[begin|start|begin|start|open] {EVERY} with {THE_PHRASE}", f"{OPEN}[begin|start|open] {EVERY} with {THE_PHRASE}",
    f"{EVERY} [must|should|has to|will|needs to] [begin|start|open] with {THE_PHRASE}", f"{OPEN}[put|write|say|add] {THE_PHRASE} [at the beginning of|at the start of|before|in front of] {EVERY}",
    f"the first [words|thing] [of|in] {EVERY} [is|are|must be|should be] {THE_PHRASE}", f"before you answer, [always |]say {THE_PHRASE}", f"at the [beginning|start] of {EVERY}, [say|write|add|put] {THE_PHRASE}",
)  # fmt: skip
IT = "[your answer|the answer|your reply|your response|your message]"
END_USER = (
    f"[||please |you must |I want you to |can you ][end|finish|close] {IT} with {THE_PHRASE}", f"[||please ][add|put|say|write] {THE_PHRASE} [at the end|at the end of {IT}|after {IT}]",
    f"{IT} [must|should|has to] end with {THE_PHRASE}", f"at the end[|, please| of {IT}] [say|add|write] {THE_PHRASE}", "end with {x}", f"finish with {THE_PHRASE}",
)  # fmt: skip
BEGIN_USER = (
    f"[||please |you must |I want you to |can you ][begin|start|open] {IT} with {THE_PHRASE}", f"[||please ][add|put|say|write] {THE_PHRASE} [at the beginning|at the beginning of {IT}|before {IT}]",
    f"{IT} [must|should|has to] [begin|start] with {THE_PHRASE}", f"at the beginning[|, please| of {IT}] [say|add|write] {THE_PHRASE}", "[begin|start] with {x}", f"[begin|start] with {THE_PHRASE}",
)  # fmt: skip
PHRASES = (
    "Over and out", "Have a nice day", "Best regards", "Stay curious", "Kind regards", "May the force be with you", "See you soon", "Thank you for asking",
    "At your service", "Good luck", "Take care", "Never give up", "Roger that", "Meow", "Beep boop", "The end", "Amen", "Cheers", "Hooray", "Peace", "Dear customer",
    "Ladies and gentlemen", "To be honest", "With pleasure", "Your friendly robot", "Ask me anything", "That is all", "Dear friend", "Well well well", "As you wish",
    "Yes captain", "Of course", "Good question", "Listen carefully", "Let me think", "Long live the king", "Stay safe", "Keep calm", "Enjoy your meal", "Sleep well",
)  # fmt: skip
