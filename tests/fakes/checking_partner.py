"""A partner that checks who calls: credentials, client certificate, OAuth2 token, Standard Webhooks signature.

What it refuses it repeats in its answer, headers and all, as badly behaved services do.
"""

import base64
import json
import secrets
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import trustme
from standardwebhooks import Webhook, WebhookVerificationError

from tests.fakes.faulty import Received
from tests.fakes.partner import Partner

Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Certificates:
    """PEM files of an authority of the test's own, and a certificate of ours that it signed."""

    ca: str
    client_cert: str
    client_key: str
    server: ssl.SSLContext  # wants a certificate of that authority

    @classmethod
    def make(cls, folder: Path) -> "Certificates":
        authority = trustme.CA()
        ours, theirs = authority.issue_cert("apron.example"), authority.issue_cert("127.0.0.1")
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        ours.cert_chain_pems[0].write_to_path(str(folder / "client.pem"))
        ours.private_key_pem.write_to_path(str(folder / "client.key"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        theirs.configure_cert(context)
        authority.configure_trust(context)
        return cls(str(folder / "ca.pem"), str(folder / "client.pem"), str(folder / "client.key"), context)

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings with which a partner is reached that has a certificate of this authority and wants one."""
        return {
            "PARTNER_CA": self.ca,
            "PARTNER_CLIENT_CERT": self.client_cert,
            "PARTNER_CLIENT_KEY": self.client_key,
        }


class CheckingPartner(Partner):
    """Takes customers only with these `headers`, over TLS where there is a context, signed with one of `webhook_secrets`."""

    def __init__(
        self,
        *,
        headers: Mapping[str, str] | None = None,
        webhook_secrets: Collection[str] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__()
        self.wanted = headers or {}
        self.webhook_secrets = webhook_secrets
        self.refused: list[Received] = []
        if tls:
            self.use_tls(tls)

    def __enter__(self) -> "CheckingPartner":
        super().__enter__()
        return self

    def answer(self, request: Received) -> Answer:
        if not self.knows(request):
            return self._refuse(request, HTTPStatus.UNAUTHORIZED)
        if self.webhook_secrets and not self._is_signed(request):
            return self._refuse(request, HTTPStatus.FORBIDDEN)
        return super().answer(request)

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings with which its customers are taken, as far as it knows them."""
        return {"CUSTOMERS_API_URL": self.customers_url}

    def knows(self, request: Received) -> bool:
        """Return whether the request shows who sends it."""
        return all(request.headers.get(name) == value for name, value in self.wanted.items())

    def _is_signed(self, request: Received) -> bool:
        for secret in self.webhook_secrets:
            try:
                Webhook(secret).verify(request.body, request.headers)
            except WebhookVerificationError:
                continue
            return True
        return False

    def _refuse(self, request: Received, status: HTTPStatus) -> Answer:
        self.refused.append(request)
        return status, {}, json.dumps({"refused": request.headers, "body": request.body.decode()}).encode()


class OAuth2Partner(CheckingPartner):
    """Gives tokens at /oauth/token for the client's id and secret, and takes customers only with a token that is good."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_id = f"apron-{secrets.token_hex(4)}"  # of its own: a process keeps tokens by whom they are for
        self.client_secret = f"s3cr3t/{secrets.token_hex(8)}+=&"
        self.scope = "customers.write"
        self.expires_in: Any = 3600
        self.issued: list[str] = []
        self.revoked: set[str] = set()
        self.gives_tokens = True

    def __enter__(self) -> "OAuth2Partner":
        super().__enter__()
        return self

    @property
    def token_url(self) -> str:
        return f"{self.url}/oauth/token"

    @property
    def settings(self) -> dict[str, str]:
        return super().settings | {
            "PARTNER_AUTH": "oauth2",
            "PARTNER_TOKEN_URL": self.token_url,
            "PARTNER_CLIENT_ID": self.client_id,
            "PARTNER_CLIENT_SECRET": self.client_secret,
            "PARTNER_SCOPE": self.scope,
        }

    def revoke_tokens(self) -> None:
        """Let no token that was given be good any more."""
        self.revoked.update(self.issued)

    def answer(self, request: Received) -> Answer:
        if request.path != "/oauth/token":
            return super().answer(request)
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if form.pop("grant_type", "") != "client_credentials" or form.pop("scope", "") != self.scope:
            return self._refuse(request, HTTPStatus.BAD_REQUEST)
        if not self.gives_tokens or not self._is_client(request, form):
            return self._refuse(request, HTTPStatus.UNAUTHORIZED)
        self.issued.append(f"t0k3n-{secrets.token_hex(16)}")
        said = {"access_token": self.issued[-1], "token_type": "Bearer", "expires_in": self.expires_in}
        return 200, {}, json.dumps(said).encode()

    def _is_client(self, request: Received, form: dict[str, str]) -> bool:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if not scheme:  # the certificate says who it is
            return self.scheme == "https" and form == {"client_id": self.client_id}
        pair = base64.b64decode(encoded).decode().split(":")
        return scheme == "Basic" and [unquote_plus(each) for each in pair] == [self.client_id, self.client_secret]

    def knows(self, request: Received) -> bool:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return token in self.issued and token not in self.revoked
