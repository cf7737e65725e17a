import pytest

from training.skills.british import AMERICAN, BRITISH, british
from training.skills.explanations import EXPLANATIONS


@pytest.mark.parametrize(
    "american, spelled",
    [
        ("Colors are organized.", "Colours are organised."),
        ("The CENTER of gravity", "The CENTRE of gravity"),
        ("Discolored vapors and metering", "Discolored vapors and metering"),
        ("It learned to move toward the center.", "It learnt to move towards the centre."),
        ("", ""),
    ],
)
def test_words_are_respelled_and_keep_their_case(american: str, spelled: str) -> None:
    assert british(american) == spelled


def test_british_words_stay() -> None:
    text = " ".join(BRITISH.values())
    assert british(text) == text


def test_the_explanation_of_embeddings_differs() -> None:
    text = EXPLANATIONS["embeddings"]
    assert british(text) != text
    assert not AMERICAN.search(british(text))
