from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.errors import InvalidRequestError, UnsupportedMediaTypeError
from ossian.server.files.multipart import MAX_FIELD_BYTES, MAX_FILENAME_LENGTH, UploadForm

TYPE = "multipart/form-data; boundary=limit"
END = b"--limit--\r\n"


def part(name: str, content: bytes, more: str = "") -> bytes:
    head = f'--limit\r\nContent-Disposition: form-data; name="{name}"{more}\r\nContent-Type: text/plain\r\n\r\n'
    return head.encode() + content + b"\r\n"


def read(body: bytes, sizes: list[int] | None = None) -> tuple[UploadForm, bytes]:
    """The form in a body that comes in pieces of these sizes, the rest as one, and its file's content."""
    form, content = UploadForm(TYPE), b""
    for size in [*(sizes or []), len(body)]:
        content += form.feed(body[:size])
        body = body[size:]
    form.close()
    return form, content


@given(
    st.binary(max_size=300).filter(lambda content: b"--limit" not in content),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    st.lists(st.integers(1, 40), max_size=20),
)
def test_a_form_is_the_same_however_it_comes(content: bytes, value: str, sizes: list[int]) -> None:
    if "--limit" in value:
        return
    body = part("purpose", value.encode()) + part("file", content, '; filename="a.jsonl"') + END
    form, found = read(body, sizes)
    assert (found, form.filename, form.fields) == (content, "a.jsonl", {"purpose": value})


@given(st.binary(max_size=200), st.lists(st.integers(1, 40), max_size=10))
def test_nothing_is_more_than_refused(body: bytes, sizes: list[int]) -> None:
    for whole in (body, part("file", b"", '; filename="a"') + body, b"--limit" + body):
        with suppress(InvalidRequestError):
            read(whole, sizes)


@pytest.mark.parametrize(
    "more, filename",
    [
        ('; filename="a.txt"', "a.txt"),
        ('; filename="../../etc/passwd"', "passwd"),
        ('; filename="C:\\\\data\\\\a.txt"', "a.txt"),
        ('; filename=""', "file"),
        ("", "file"),
        ('; filename="/"', "file"),
        (f'; filename="{"x" * 300}"', "x" * MAX_FILENAME_LENGTH),
        ('; filename="näme.txt"', "näme.txt"),
    ],
)
def test_a_file_has_a_name_and_no_path(more: str, filename: str) -> None:
    assert read(part("file", b"", more) + END)[0].filename == filename


def test_a_form_may_have_something_before_and_after_it() -> None:
    form, content = read(b"\r\n" + part("file", b"x") + END + b"whatever")
    assert (form.filename, content) == ("file", b"x")


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/mixed; boundary=limit", "text/plain"])
def test_what_is_no_form(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="multipart/form-data"):
        UploadForm(content_type)


def test_a_field_is_bounded() -> None:
    assert read(part("purpose", b"x" * MAX_FIELD_BYTES) + part("file", b"") + END)
    with pytest.raises(InvalidRequestError, match=f"{MAX_FIELD_BYTES} bytes") as caught:
        read(part("purpose", b"x" * (MAX_FIELD_BYTES + 1)) + END)
    assert caught.value.param == "purpose"
