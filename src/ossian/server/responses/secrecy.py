"""What a client keeps for us and must not read or change: `encrypted_content`.

AES-256-GCM with a random nonce under a secret of the database, bound to the caller: what another caller sends, or what
was changed on the way, does not open.
"""

import base64
import binascii
import os
from collections.abc import Callable
from functools import partial
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ossian.errors import InvalidRequestError

SECRET_NAME: Final = "encrypted_content"  # the database's name for the key
NUM_NONCE_BYTES: Final = 12
_VERSION: Final = b"\x01"  # of the form; also makes every text begin alike, so that a foreign one is told early

Conceal = Callable[[str], str]
Reveal = Callable[[str], str]


class Secrecy:
    """Encrypts texts for callers, and decrypts what the same callers bring back.

    conceal, reveal = secrecy.of(scope); reveal(conceal("I thought.")) == "I thought."
    """

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)

    def of(self, scope: str) -> tuple[Conceal, Reveal]:
        """Return how a caller's texts are encrypted and decrypted."""
        return partial(self.conceal, scope), partial(self.reveal, scope)

    def conceal(self, scope: str, text: str) -> str:
        """Return the text encrypted: URL-safe base64, different each time."""
        nonce = os.urandom(NUM_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text.encode(errors="surrogatepass"), _bound_to(scope))
        return base64.urlsafe_b64encode(_VERSION + nonce + sealed).decode()

    def reveal(self, scope: str, encrypted: str) -> str:
        """Return the text. Raises InvalidRequestError unless this caller got it from here, exactly as it is."""
        try:
            sealed = base64.b64decode(encrypted.encode("ascii"), altchars=b"-_", validate=True)
            nonce, ciphertext = sealed[1 : 1 + NUM_NONCE_BYTES], sealed[1 + NUM_NONCE_BYTES :]
            if not sealed.startswith(_VERSION) or len(nonce) < NUM_NONCE_BYTES:
                raise _invalid()
            return self._cipher.decrypt(nonce, ciphertext, _bound_to(scope)).decode(errors="surrogatepass")
        except (UnicodeEncodeError, binascii.Error, InvalidTag):
            raise _invalid() from None


def _bound_to(scope: str) -> bytes:
    return f"ossian encrypted_content\0{scope}".encode()


def _invalid() -> InvalidRequestError:
    return InvalidRequestError(
        "The encrypted content could not be verified: it was not made by this server for this project, or it was "
        "changed. Leave the item out, or send it as it came.",
        param="input",
        code="invalid_encrypted_content",
    )
