"""The languages the model can reply in besides English."""

from training.skills.languages.french import FRENCH
from training.skills.languages.german import GERMAN
from training.skills.languages.italian import ITALIAN
from training.skills.languages.language import Language
from training.skills.languages.portuguese import PORTUGUESE
from training.skills.languages.spanish import SPANISH

LANGUAGES = (FRENCH, GERMAN, SPANISH, ITALIAN, PORTUGUESE)

__all__ = ["FRENCH", "GERMAN", "ITALIAN", "LANGUAGES", "PORTUGUESE", "SPANISH", "Language"]
