"""British spelling of American words."""

import re
from re import Match

BRITISH = {
    "analyze": "analyse", "analyzes": "analyses", "analyzed": "analysed", "behavior": "behaviour", "center": "centre",
    "centers": "centres", "color": "colour", "colored": "coloured", "colorful": "colourful", "colors": "colours",
    "favor": "favour", "favorite": "favourite", "fiber": "fibre", "flavor": "flavour", "gray": "grey",
    "harbor": "harbour", "honor": "honour", "humor": "humour", "labeled": "labelled", "labor": "labour",
    "learned": "learnt", "liter": "litre", "memorize": "memorise", "meter": "metre", "meters": "metres",
    "modeling": "modelling", "neighbor": "neighbour", "neighbors": "neighbours", "optimize": "optimise",
    "organization": "organisation", "organize": "organise", "organized": "organised", "organizes": "organises",
    "realize": "realise", "recognize": "recognise", "recognizes": "recognises", "rumor": "rumour",
    "specialized": "specialised", "summarize": "summarise", "summarizes": "summarises", "theater": "theatre",
    "toward": "towards", "traveled": "travelled", "traveling": "travelling", "traveler": "traveller", "vapor": "vapour",
    "visualize": "visualise",
}  # fmt: skip
AMERICAN = re.compile(rf"\b({'|'.join(BRITISH)})\b", re.IGNORECASE)


def british(text: str) -> str:
    """The text in British spelling: `Colors` becomes `Colours`."""
    return AMERICAN.sub(_respelled, text)


def _respelled(match: Match[str]) -> str:
    word = match[0]
    spelled = BRITISH[word.lower()]
    if word.islower():
        return spelled
    return spelled.upper() if word.isupper() else spelled.capitalize()
