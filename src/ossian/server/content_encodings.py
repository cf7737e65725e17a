"""Compressed bodies, unpacked within bounds: what is small must not become large, nor take long."""

import sys
import zlib
from collections.abc import Callable
from typing import Final, Protocol

from ossian.errors import InvalidRequestError, RequestTooLargeError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ZSTD_WINDOW_LOG: Final = 23  # 8 MiB, the largest window that HTTP knows (RFC 9659); it is memory a frame may ask for
MAX_FRAMES: Final = 64  # each costs time; a body of ten megabytes has room for a million empty ones


class Decompressor(Protocol):
    """Unpacks one frame. What follows it is `unused_data`."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _gzip() -> Decompressor:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _zstd() -> Decompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG})


DECOMPRESSORS: Final[dict[str, Callable[[], Decompressor]]] = {"gzip": _gzip, "x-gzip": _gzip, "zstd": _zstd}


def unpacked(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Return a compressed body as it was; `encoding` is one of DECOMPRESSORS.

    Raises InvalidRequestError when the body is broken, RequestTooLargeError as soon as it is over the limit.
    """
    frames: list[bytes] = []
    num_bytes = 0
    while body:
        if len(frames) == MAX_FRAMES:
            raise _broken(encoding, f"it has more than {MAX_FRAMES} frames")
        frame, body = _first_frame(body, encoding, max_bytes - num_bytes + 1)
        num_bytes += len(frame)
        if num_bytes > max_bytes:
            raise too_large(max_bytes)
        frames.append(frame)
    return b"".join(frames)


def too_large(max_bytes: int) -> RequestTooLargeError:
    """Return what a body over the limit is refused with."""
    message = f"The request body is over the limit of {max_bytes} bytes. The operator can raise server.max_body_bytes."
    return RequestTooLargeError(message, code="request_too_large")


def _first_frame(body: bytes, encoding: str, max_bytes: int) -> tuple[bytes, bytes]:
    """Return what a body begins with, unpacked up to a limit, and what comes after it."""
    decompressor = DECOMPRESSORS[encoding]()
    try:
        frame = decompressor.decompress(body, max_bytes)
    except (zlib.error, zstd.ZstdError) as error:
        raise _broken(encoding, str(error)) from None
    if not decompressor.eof and len(frame) < max_bytes:
        raise _broken(encoding, "it ends too early")
    return frame, decompressor.unused_data


def _broken(encoding: str, reason: str) -> InvalidRequestError:
    message = f"The request body is not what its header 'Content-Encoding: {encoding}' says: {reason}."
    return InvalidRequestError(message, code="invalid_encoding")
