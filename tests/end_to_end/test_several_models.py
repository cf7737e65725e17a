"""One process that serves several models, each by an engine of its own, as virtual names choose between them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import NotFoundError, OpenAI

from tests.served_process import served_process

QUESTION = "What is the capital of France?"
MODELS = [
    {"id": "little", "checkpoint": "ossian-nano", "series": "pair", "params": 1, "prices": {"input": 1}},
    {"id": "large", "checkpoint": "ossian-nano", "series": "pair", "params": 2, "prices": {"input": 2}},
    {"id": "elsewhere", "series": "pair", "params": 3},
]


def ask(client: OpenAI, model: str) -> tuple[str, str]:
    """The model that answered, and what."""
    messages = [{"role": "user", "content": QUESTION}]
    answer = client.chat.completions.create(model=model, messages=messages, temperature=0)  # type: ignore[arg-type]  # plain
    return answer.model, answer.choices[0].message.content or ""


@pytest.fixture
def client(cache_dir: Path) -> Iterator[OpenAI]:
    """A client of a server with three models, and one that is only declared."""
    environment = {
        "OSSIAN_CATALOG__MODELS": json.dumps(MODELS),
        "OSSIAN_ENGINE__KV_CACHE_BYTES": "20000000",
        "OSSIAN_MODELS__CACHE_DIR": str(cache_dir),
    }
    with served_process(**environment) as server, OpenAI(base_url=server.base_url, api_key="any") as client:
        yield client


def test_each_answers_under_its_names(client: OpenAI) -> None:
    answers = dict(ask(client, name) for name in ("ossian-nano", "little", "large"))
    assert list(answers) == ["ossian-nano", "little", "large"]
    assert len(set(answers.values())) == 1, "the same checkpoint, greedily"
    assert ask(client, "pair@cheapest")[0] == "little"
    assert ask(client, "pair@biggest")[0] == "large"
    assert [model.id for model in client.models.list()] == ["ossian-nano", "little", "large"]
    with pytest.raises(NotFoundError, match="not served at present"):
        ask(client, "elsewhere")
