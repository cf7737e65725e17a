"""What tokens cost. Prices are of a million tokens; money is Decimal, and never rounded here."""

from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from typing import Final

from ossian.settings import ModelPrices

_EXACT: Final = Context(prec=80, traps=[Inexact, InvalidOperation])  # an amount that had to be rounded would raise
_PER_MILLION: Final = -6


def cost(prices: ModelPrices, *, num_input_tokens: int, num_cached_tokens: int, num_output_tokens: int) -> Decimal:
    """Return what a turn costs. Cached tokens are counted in the input tokens, reasoning in the output tokens.

    Raises ValueError when more tokens are cached than there are, or a count is negative.
    """
    num_fresh_tokens = num_input_tokens - num_cached_tokens
    if min(num_fresh_tokens, num_cached_tokens, num_output_tokens) < 0:
        raise ValueError(f"{num_cached_tokens} of {num_input_tokens} input tokens cached, {num_output_tokens} output")
    with localcontext(_EXACT):
        amount = num_fresh_tokens * prices.input
        amount += num_cached_tokens * prices.cached_input_price
        amount += num_output_tokens * prices.output
        return amount.scaleb(_PER_MILLION)
