"""HTTP as uvicorn speaks it, with an end to what is kept of a client before anybody looks at its request.

uvicorn keeps the line and the headers of a request, and the trailers of its body, however long they are; nobody is
asked for a key before they are whole.
"""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_SILENT_BYTES: Final = 64 * 1024  # of a head or of trailers; what clients send is a tenth of that


class HttpProtocol(HttpToolsProtocol):
    """A connection that is closed when it sends too much without getting to the point.

    That is the end of a request's head, a part of its body, or its end.
    """

    _num_silent_bytes = 0  # since then

    def data_received(self, data: bytes) -> None:
        """Take notice of the next bytes, of which there are no more than asyncio reads at a time."""
        self._num_silent_bytes += len(data)
        super().data_received(data)
        if self._num_silent_bytes > MAX_SILENT_BYTES and not self.transport.is_closing():
            self.send_400_response(f"A request's head has at most {MAX_SILENT_BYTES} bytes.")

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._num_silent_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """There is a part of the body."""
        self._num_silent_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has ended."""
        self._num_silent_bytes = 0
        super().on_message_complete()
