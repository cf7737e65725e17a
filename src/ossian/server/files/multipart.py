"""A multipart form that comes in pieces: its text fields, and the content of its one file, passed on as it comes."""

from typing import TYPE_CHECKING, Final

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from ossian.errors import InvalidRequestError, UnsupportedMediaTypeError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FILE: Final = "file"
MAX_NUM_PARTS: Final = 16
MAX_FIELD_BYTES: Final = 4096
MAX_FILENAME_LENGTH: Final = 255


class UploadForm:
    """Reads the form of an upload.

    form = UploadForm(request.headers["content-type"])
    content = form.feed(piece)          for every piece of the body
    form.close()                        then `fields` and `filename` are whole
    """

    def __init__(self, content_type: str) -> None:
        """Raises UnsupportedMediaTypeError when the body is not a form."""
        self.fields: dict[str, str] = {}
        self.filename: str | None = None  # None: no file has come
        self._name = ""
        self._text = bytearray()
        self._content: list[bytes] = []  # of the file, in the piece that is fed
        self._num_parts = 0
        self._header = (bytearray(), bytearray())  # name and value
        self._disposition = b""
        self._is_over = False
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_to_header_name,
            "on_header_value": self._add_to_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }
        try:
            self._parser = MultipartParser(_boundary(content_type), callbacks)
        except FormParserError as error:
            raise _malformed(str(error)) from None

    def feed(self, piece: bytes) -> bytes:
        """Return the content of the file that is in a piece of the body. Raises InvalidRequestError."""
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise _malformed(str(error)) from None
        content = b"".join(self._content)
        self._content.clear()
        return content

    def close(self) -> None:
        """The body has ended. Raises InvalidRequestError when the form has not, or when there is no file in it."""
        if not self._is_over:
            raise _malformed("it breaks off")
        if self.filename is None:
            message = "Missing required parameter: 'file'. Send the file as the part 'file' of the form."
            raise InvalidRequestError(message, param=FILE, code="missing_required_parameter")

    def _begin_part(self) -> None:
        self._num_parts += 1
        if self._num_parts > MAX_NUM_PARTS:
            raise _malformed(f"it has more than {MAX_NUM_PARTS} parts, which is the limit")
        self._disposition = b""
        self._text.clear()

    def _add_to_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _add_to_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _end_header(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = bytes(value)
        name.clear()
        value.clear()

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise _malformed("a part has no name")
        self._name = options[b"name"].decode(errors="replace")
        if self._name == FILE:
            self._begin_file(options.get(b"filename", b"").decode(errors="replace"))
        elif self._name in self.fields:
            message = f"The parameter '{self._name[:80]}' is given twice."
            raise InvalidRequestError(message, param=self._name[:80], code="invalid_value")

    def _begin_file(self, filename: str) -> None:
        if self.filename is not None:
            raise InvalidRequestError("An upload has one 'file', not several.", param=FILE, code="invalid_value")
        self.filename = filename.replace("\\", "/").rpartition("/")[2][:MAX_FILENAME_LENGTH] or FILE

    def _add(self, data: bytes, start: int, end: int) -> None:
        if self._name == FILE:
            self._content.append(data[start:end])
            return
        self._text.extend(data[start:end])
        if len(self._text) > MAX_FIELD_BYTES:
            message = f"The parameter '{self._name[:80]}' is longer than {MAX_FIELD_BYTES} bytes, which is the limit."
            raise InvalidRequestError(message, param=self._name[:80], code="invalid_value")

    def _end_part(self) -> None:
        if self._name != FILE:
            self.fields[self._name] = self._text.decode(errors="replace")

    def _end(self) -> None:
        self._is_over = True


def _boundary(content_type: str) -> bytes:
    media_type, options = parse_options_header(content_type)
    if media_type != b"multipart/form-data":
        given = f", not '{content_type[:80]}'" if content_type else ""
        message = f"Send the file as a form, with the header 'Content-Type: multipart/form-data'{given}."
        raise UnsupportedMediaTypeError(message, code="unsupported_media_type")
    if not options.get(b"boundary"):
        raise _malformed("its Content-Type names no boundary")
    return options[b"boundary"]


def _malformed(reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"The form cannot be read: {reason}.", code="invalid_form")
