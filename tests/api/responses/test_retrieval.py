import pytest

from ossian.api.responses.retrieval import RetrievalQuery, retrieval_query
from ossian.errors import InvalidRequestError

LOGPROBS = "message.output_text.logprobs"


@pytest.mark.parametrize(
    "pairs, query",
    [
        ([], RetrievalQuery()),
        ([("stream", "true")], RetrievalQuery(stream=True)),
        ([("stream", "True"), ("starting_after", "0")], RetrievalQuery(stream=True, starting_after=0)),
        ([("stream", "false")], RetrievalQuery()),
        ([("include", LOGPROBS), ("include[]", LOGPROBS)], RetrievalQuery(include=frozenset({LOGPROBS}))),
        ([("include_obfuscation", "false")], RetrievalQuery()),
    ],
)
def test_queries(pairs: list[tuple[str, str]], query: RetrievalQuery) -> None:
    assert retrieval_query(pairs) == query


@pytest.mark.parametrize(
    "pairs, param",
    [
        ([("stream", "yes please")], "stream"),
        ([("stream", "")], "stream"),
        ([("stream", "true"), ("starting_after", "-1")], "starting_after"),
        ([("stream", "true"), ("starting_after", "²")], "starting_after"),
        ([("stream", "true"), ("starting_after", "9" * 16)], "starting_after"),
        ([("starting_after", "3")], "starting_after"),
        ([("include", "everything")], "include"),
    ],
)
def test_wrong_queries_name_the_parameter(pairs: list[tuple[str, str]], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        retrieval_query(pairs)
    assert raised.value.param == param
    assert f"'{param}'" in raised.value.message
