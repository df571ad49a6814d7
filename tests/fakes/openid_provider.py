"""An OpenID provider on a real socket, of Authlib: discovery, keys, authorization code flow with PKCE, userinfo, logout.

Its login page asks for nothing but a name of PEOPLE. `spoil` is given each ID token that goes out, and returns what goes out.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import flask
import jwt
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT_ID, CLIENT_SECRET, KID = "apron", "a-secret-of-the-provider", "key-1"
LOGIN_PAGE = """<!doctype html><html lang=en><title>Provider</title><h1>The provider</h1>
<form method=post><label>Name <input name=name></label> <button>Log in</button></form>"""


@dataclass
class Person:
    """Somebody whom the provider knows."""

    sub: str
    groups: list[str]
    more: dict[str, Any] = field(default_factory=dict)

    def claims(self) -> dict[str, Any]:
        return {"sub": self.sub, "preferred_username": self.sub, "groups": self.groups, **self.more}


class _Client(ClientMixin):
    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.endswith("/sso/oidc/callback")

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_post"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class _Code(AuthorizationCodeMixin):
    person: Person
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class OpenIdProvider:
    """Runs until closed. `logouts`: what it was told with each logout."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.people = {"olga": Person("olga", ["airline-ops"]), "bea": Person("bea", ["airline-bi", "all-staff"])}
        self.spoil: Callable[[str], str] = lambda id_token: id_token
        self.codes: dict[str, _Code] = {}
        self.tokens: dict[str, Person] = {}
        self.logouts: list[dict[str, str]] = []
        self._server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "OpenIdProvider":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings with which Apron uses it."""
        return {
            "SSO_OIDC_ISSUER": self.url,
            "SSO_OIDC_CLIENT_ID": CLIENT_ID,
            "SSO_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        }

    def signed(self, claims: dict[str, Any], *, key: Any = None, algorithm: str = "RS256", kid: str = KID) -> str:
        """Return claims as a token, signed with our key unless with another one."""
        return jwt.encode(claims, key or self.key, algorithm=algorithm, headers={"kid": kid})

    def _app(self) -> flask.Flask:
        app = flask.Flask(__name__)
        server = AuthorizationServer(app, query_client=self._client, save_token=self._save_token)
        server.register_grant(_grant_of(self), [CodeChallenge(required=True), _id_tokens_of(self)])
        app.add_url_rule("/.well-known/openid-configuration", view_func=self._configuration)
        app.add_url_rule("/keys", view_func=self._keys)
        app.add_url_rule("/userinfo", view_func=self._userinfo)
        app.add_url_rule("/logout", view_func=self._logout)
        app.add_url_rule("/token", view_func=server.create_token_response, methods=["POST"], endpoint="token")

        @app.route("/authorize", methods=["GET", "POST"])
        def authorize() -> Any:
            person = self.people.get(flask.request.values.get("name", ""))
            if flask.request.method == "GET" and person is None:
                return LOGIN_PAGE
            grant = server.get_consent_grant(end_user=person)
            return server.create_authorization_response(grant_user=person, grant=grant)

        return app

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/logout",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def _keys(self) -> dict[str, Any]:
        found = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [found | {"kid": KID, "use": "sig", "alg": "RS256"}]}

    def _userinfo(self) -> Any:
        person = self.tokens.get(flask.request.headers.get("Authorization", "").removeprefix("Bearer "))
        return person.claims() if person else ({"error": "invalid_token"}, 401)

    def _logout(self) -> Any:
        self.logouts.append(dict(flask.request.args))
        return flask.redirect(flask.request.args["post_logout_redirect_uri"])

    @staticmethod
    def _client(client_id: str) -> _Client | None:
        return _Client() if client_id == CLIENT_ID else None

    def _save_token(self, token: dict[str, Any], request: Any) -> None:
        self.tokens[token["access_token"]] = request.user


def _grant_of(provider: OpenIdProvider) -> type:
    class Grant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_post",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            asked = request.payload
            provider.codes[code] = _Code(
                person=request.user,
                redirect_uri=asked.redirect_uri,
                scope=asked.scope,
                nonce=asked.data.get("nonce"),
                code_challenge=asked.data.get("code_challenge"),
                code_challenge_method=asked.data.get("code_challenge_method"),
            )

        def query_authorization_code(self, code: str, client: _Client) -> _Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: _Code) -> None:
            provider.codes = {code: each for code, each in provider.codes.items() if each is not authorization_code}

        def authenticate_user(self, authorization_code: _Code) -> Person:
            return authorization_code.person

    return Grant


def _id_tokens_of(provider: OpenIdProvider) -> OpenIDCode:
    class IdTokens(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def resolve_client_private_key(self, client: _Client) -> RSAKey:
            return RSAKey.import_key(provider.key)

        def get_client_claims(self, client: _Client) -> dict[str, Any]:
            return {"iss": provider.url, "aud": [CLIENT_ID]}

        def get_client_algorithm(self, client: _Client) -> str:
            return "RS256"

        def get_encode_header(self, client: _Client) -> dict[str, str]:
            return {"alg": "RS256", "kid": KID}

        def generate_user_info(self, user: Person, scope: str) -> UserInfo:
            return UserInfo(user.claims())

        def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
            return provider.spoil(super().encode_id_token(token, request))

    return IdTokens(require_nonce=True)
