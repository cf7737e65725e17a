"""What is known of the models Ossian is made for, so that nobody has to declare it."""

from datetime import date
from typing import Final

from ossian.settings import DEMONSTRATION_MODEL, DeclaredModel


def gpt_oss(size: str, params: int, description: str) -> DeclaredModel:
    """Return what is known of one of OpenAI's models."""
    return DeclaredModel(
        id=f"gpt-oss-{size}",
        aliases=(f"openai/gpt-oss-{size}", f"gpt_oss_{size}"),
        name=f"gpt-oss {size}",
        description=description,
        series="gpt-oss",
        publisher="openai",
        tags=("chat", "reasoning", "code_chat", "summarization"),
        licence="apache-2.0",
        published=date(2025, 8, 5),
        params=params,
    )


KNOWN_MODELS: Final = {
    model.id: model
    for model in (
        gpt_oss("20b", 20_900_000_000, "Reasons, on small machines: 3.6 billion active parameters."),
        gpt_oss("120b", 116_800_000_000, "Reasons, better: 5.1 billion active parameters."),
        DeclaredModel(
            id=DEMONSTRATION_MODEL,
            description="A demonstration model: tiny, and capable of little.",
            series="ossian",
            publisher="ossian",
            licence="apache-2.0",
            params=109_000_000,
        ),
    )
}
