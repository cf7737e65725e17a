import json

from ossian.api.batches.input_check import MAX_NUM_FAULTS, InputCheck
from ossian.api.batches.lines import LineReader
from ossian.api.batches.requests import LineReading
from ossian.api.fields import JsonObject

URL = "/v1/responses"


def request(custom_id: str, model: str | None = "gpt-oss-20b") -> bytes:
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": URL, "body": {"model": model}}).encode()


def checked(*lines: bytes, max_num_lines: int = 1000) -> InputCheck:
    check = InputCheck(LineReading(URL, max_line_bytes=10_000), max_num_lines)
    reader = LineReader(10_000)
    for line in [*reader.feed(b"\n".join(lines)), *reader.close()]:
        if not check.is_over:
            check.note(line)
    check.close()
    return check


def faults(*lines: bytes, max_num_lines: int = 1000) -> list[tuple[str | None, int | None]]:
    return [(fault["code"], fault["line"]) for fault in checked(*lines, max_num_lines=max_num_lines).faults]


def test_a_good_file_has_no_faults() -> None:
    check = checked(request("a"), b"", request("b"))
    assert (check.num_lines, check.faults, check.model) == (2, [], "gpt-oss-20b")


def test_lines_may_ask_for_several_models() -> None:
    assert checked(request("a"), request("b", "gpt-oss-120b"), request("c", "x")).model is None
    assert checked(request("a", None)).model is None


def test_an_empty_file_is_a_fault() -> None:
    (fault,) = checked(b"", b"  ").faults
    assert (fault["code"], fault["line"], fault["param"]) == ("empty_file", None, None)


def test_each_fault_has_its_line() -> None:
    assert faults(request("a"), b"oops", request("b"), request("a")) == [
        ("invalid_json_line", 2),
        ("duplicate_custom_id", 4),
    ]


def test_a_fault_says_what_and_where() -> None:
    (fault,) = checked(request("a"), request("a")).faults
    assert fault == {
        "code": "duplicate_custom_id",
        "message": "The custom_id 'a' is that of an earlier line; each must be unique.",
        "param": "custom_id",
        "line": 2,
    }


def test_too_many_requests_end_the_check() -> None:
    check = checked(*(request(str(number)) for number in range(10)), max_num_lines=3)
    assert [(fault["code"], fault["line"]) for fault in check.faults] == [("too_many_tasks", 4)]
    assert "more than 3 requests" in check.faults[0]["message"]
    assert check.is_over
    assert checked(*(request(str(number)) for number in range(3)), max_num_lines=3).faults == []


def test_faults_end_somewhere() -> None:
    assert len(faults(*[b"{"] * 1000)) == MAX_NUM_FAULTS


def test_long_ids_are_told_apart_at_their_ends() -> None:
    long: list[JsonObject] = checked(request("a" * 500 + "b"), request("a" * 500 + "c")).faults
    assert long == []
