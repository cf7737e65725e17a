import instructor
import pytest
from openai import OpenAI

from tests.clients.extraction import MODEL, TEXT, Filing

pytestmark = pytest.mark.clients


@pytest.mark.parametrize("mode", [instructor.Mode.TOOLS, instructor.Mode.TOOLS_STRICT, instructor.Mode.JSON_SCHEMA])
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
