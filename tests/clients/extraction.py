"""What the clients ask for: a contract out of a text, and the weather from a tool."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

MODEL = "gpt-oss-20b"
TEXT = "Extract the company name and the contract start date from: Contract starts on 2026-01-12 with Acme."
QUESTION = "What is the weather in London?"
SHORT_REASONING = {"reasoning": {"max_tokens": 200}}  # at a high temperature a small model may find no end of it
SUNNY = '{"temperature": 14, "condition": "cloudy"}'


class Status(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


Short = Annotated[str, Field(max_length=60)]  # a small model may find no end


class Contract(BaseModel):
    company: Short
    start_date: Short


class Filing(BaseModel):
    """Nested, with an enum, a list and something that may be absent."""

    contract: Contract
    status: Status
    tags: list[Short] = Field(max_length=3)
    note: Short | None
