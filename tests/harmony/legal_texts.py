"""Whether a text may be the answer, or a tool's input, of a turn."""

from ossian.errors import TokenMaskError
from ossian.harmony.encoding import load_encoding
from ossian.harmony.grammar import TurnShape
from ossian.harmony.token_mask import TurnGrammar, load_grammars
from ossian.harmony.vocabulary import CHANNEL, MESSAGE, RETURN

ENCODING = load_encoding()
HEAD = [CHANNEL, *ENCODING.encode("final"), MESSAGE]


def is_legal(shape: TurnShape | TurnGrammar, text: str) -> bool:
    """Whether the model may answer with this text."""
    grammar = load_grammars().compile(shape) if isinstance(shape, TurnShape) else shape
    mask = grammar.mask(forces=False)
    try:
        for token_id in (*HEAD, *ENCODING.encode(text), RETURN):
            mask.advance(token_id)
    except TokenMaskError:
        return False
    return True
