"""How clients compress bodies, by the name of the encoding."""

import gzip
import sys
from collections.abc import Callable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd.compress}


def with_window(body: bytes, window_log: int) -> bytes:
    """A zstd frame that asks its reader for a window of 2**window_log bytes."""
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: window_log})
    return packer.compress(body) + packer.flush()
