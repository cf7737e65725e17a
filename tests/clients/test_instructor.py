import instructor
import pytest
from openai import OpenAI
from pydantic import BaseModel, ConfigDict

from tests.clients.extraction import MODEL, TEXT, Filing

pytestmark = pytest.mark.clients
MODES = [instructor.Mode.TOOLS, instructor.Mode.TOOLS_STRICT, instructor.Mode.JSON_SCHEMA]


class Anything(BaseModel):
    """Any object."""

    model_config = ConfigDict(extra="allow")


@pytest.mark.parametrize("mode", MODES)
def test_extraction(base_url: str, mode: instructor.Mode) -> None:
    client = instructor.from_openai(OpenAI(base_url=base_url, max_retries=0), mode=mode)
    found = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": TEXT}],
        response_model=Filing,
        temperature=0,
        max_tokens=2000,
        max_retries=0,
    )
    assert isinstance(found, Filing)


def test_json_mode_is_json(base_url: str) -> None:
    """That mode tells the schema in the prompt alone: what comes is an object, and the model's weights do the rest."""
    client = instructor.from_openai(OpenAI(base_url=base_url, max_retries=0), mode=instructor.Mode.JSON)
    found = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": TEXT}],
        response_model=Anything,
        temperature=0,
        max_tokens=2000,
        max_retries=0,
    )
    assert isinstance(found, Anything)
