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
        amount += num_cached_tokens * cached_input_price(prices)
        amount += num_output_tokens * prices.output
        return amount.scaleb(_PER_MILLION)


def cached_input_price(prices: ModelPrices) -> Decimal:
    """Return the price of input whose K/V are in the cache."""
    return prices.input if prices.cached_input is None else prices.cached_input


def per_token(price: Decimal) -> str:
    """Return the price of one token as clients read it: `0.00000005`, never `5E-8`."""
    return plain(price.scaleb(_PER_MILLION, _EXACT))


def plain(amount: Decimal) -> str:
    """Return an amount with all its digits and no exponent or trailing zeros: `0.15`, `100`."""
    return f"{amount.normalize(_EXACT):f}"
