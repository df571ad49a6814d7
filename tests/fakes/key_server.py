"""The company's authentication service as far as we ask it: a key set, on a real socket that may be slow, hang or be gone."""

import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.faulty import FaultyServer, Received


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class KeyServer(FaultyServer):
    """Serves the public halves of `keys`, by their ids."""

    def __init__(self, **keys: rsa.RSAPrivateKey) -> None:
        super().__init__()
        self.keys = keys

    @property
    def keys_url(self) -> str:
        return f"{self.url}/keys"

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        found: list[dict[str, Any]] = [
            json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
            | {"kid": kid, "use": "sig", "alg": "RS256"}
            for kid, key in self.keys.items()
        ]
        return 200, {}, json.dumps({"keys": found}).encode()
