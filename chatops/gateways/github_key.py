"""The GitHub App's private key: it signs, and is loaded only where there is one."""

from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chatops.errors import BadInput


def signer(private_key: str) -> Callable[[bytes], bytes]:
    """Return what signs with the App's key (RS256); refuse at the start what would fail at the first call."""
    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise BadInput(
            [
                "CHATOPS_GITHUB_PRIVATE_KEY: found a key that cannot be read, expected the App's RSA key in PEM form"
            ]
        )
    found = key
    return lambda signed: found.sign(signed, PKCS1v15(), SHA256())
