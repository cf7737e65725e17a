"""The figures the parity suite prints."""

from tests.engine.embedded.agreement import Agreement

TABLE: list[str] = []


def add(scenario: str, mode: str, figures: Agreement) -> None:
    """Add a line to the table; the first one brings the heading."""
    if not TABLE:
        TABLE.append(f"{'scenario':<28}{'mode':<20}{'mean |error|':>13}{'worst':>13}{'mean KL':>11}{'top-1':>8}")
    TABLE.append(
        f"{scenario:<28}{mode:<20}{figures.mean_error:>13.5f}{figures.worst_error:>13.5f}"
        f"{figures.mean_kl:>11.2e}{figures.top1:>8.1%}"
    )
