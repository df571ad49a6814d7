"""Authenticate by bearer token: API_TOKEN, a key of an API client, or a JWT of the company's authentication service.

What the caller may do is told by scopes (config.access.scopes): each operation of the API needs one.
"""

import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jwt
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from config.access import clients
from config.access.addresses import client_address, is_within
from config.access.callers import API_TOKEN_SUB, CLIENT_SUB, Caller, known_scopes
from config.access.rates import take_request
from config.access.scopes import Scope
from config.access.throttling import TooManyRequests, check_token
from config.api.jwks import KeySetUnavailable, signing_key

if TYPE_CHECKING:  # the views import this module
    from rest_framework.views import APIView

LONGEST_SUBJECT = 255


class ScopeMissing(PermissionDenied):
    """The token does not allow what was asked (403)."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(
            _("The token lacks the scope %(scope_value)s: %(label)s.")
            % {"scope_value": scope.value, "label": scope.label}
        )
        self.auth_header = f'Bearer error="insufficient_scope", scope="{scope.value}"'


class WrongToken(AuthenticationFailed):
    """The token proves nothing: it may be a guess, and counts against the address that it came from."""

    default_detail = "The token is not valid."


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. Other schemes are not ours and count as no token."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[Caller, None] | None:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return _caller(request, token.strip()), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BearerOrBodyAuthentication(BearerAuthentication):
    """The same, or the token as the field `Authorization` of a JSON body, with or without `Bearer `; a header goes first."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[Caller, None] | None:
        is_json = (request.content_type or "").partition(";")[0].strip() == "application/json"
        if "HTTP_AUTHORIZATION" in request.META or not is_json or not isinstance(request, Request):
            return super().authenticate(request)
        token = request.data.get("Authorization") if isinstance(request.data, Mapping) else None
        if not isinstance(token, str):
            return None
        return _caller(request, token.strip().removeprefix("Bearer ").strip()), None


def _caller(request: Request | HttpRequest, token: str) -> Caller:
    plain: HttpRequest = getattr(request, "_request", request)  # DRF's wraps it
    caller = check_token(plain, token, caller_of, wrong=WrongToken)
    if caller.networks and not is_within(address := client_address(plain), caller.networks):
        raise PermissionDenied(_("This token may not be used from %(address)s.") % {"address": address or _("here")})
    if caller.requests_per_minute and (seconds := take_request(caller.sub, caller.requests_per_minute)):
        raise TooManyRequests(
            _("This client may send at most %(requests_per_minute)s requests per minute.")
            % {"requests_per_minute": caller.requests_per_minute},
            seconds,
        )
    return caller


def caller_of(token: str) -> Caller:
    """Return the caller that `token` proves, or raise AuthenticationFailed (401)."""
    if hmac.compare_digest(token.encode(), settings.API_TOKEN.encode()):
        return Caller(sub=API_TOKEN_SUB, scopes=frozenset({Scope.ADMIN}))
    if not clients.is_key(token):
        return _caller_with_jwt(token)
    try:
        return clients.caller_with(token)
    except clients.UnknownKeyError as error:
        raise WrongToken from error


def _caller_with_jwt(token: str) -> Caller:
    if not settings.JWT_KEY and not settings.JWKS_URL:
        raise WrongToken
    try:
        key = signing_key(settings.JWKS_URL, token) if settings.JWKS_URL else settings.JWT_KEY
        claims = jwt.decode(token, key, algorithms=[settings.JWT_ALGORITHM], options={"require": ["sub"]})
    except jwt.ExpiredSignatureError as error:
        raise AuthenticationFailed(_("The token has expired.")) from error
    except KeySetUnavailable as error:
        raise AuthenticationFailed(
            _("The token cannot be checked: the authentication service does not answer.")
        ) from error
    except (jwt.InvalidTokenError, jwt.PyJWKClientError) as error:
        raise WrongToken from error
    return Caller(sub=_acceptable_subject(claims["sub"]), scopes=_scopes_of(claims))


def _acceptable_subject(sub: str) -> str:
    """The subject is recorded with what was asked, so it must fit there, and be nobody else's."""
    if not 1 <= len(sub) <= LONGEST_SUBJECT or "\0" in sub:
        raise AuthenticationFailed(
            _("The token's subject must have 1 to %(longest_subject)s characters.")
            % {"longest_subject": LONGEST_SUBJECT}
        )
    if sub == API_TOKEN_SUB or sub.startswith(CLIENT_SUB):
        raise AuthenticationFailed(
            _("The token's subject may not be %(api_token_sub)s, nor begin with %(client_sub)s")
            % {"api_token_sub": API_TOKEN_SUB, "client_sub": CLIENT_SUB}
        )
    return sub


def _scopes_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """What a JWT allows: words by blanks, as OAuth has it, or a list; without the claim, JWT_DEFAULT_SCOPES."""
    told = claims.get(settings.JWT_SCOPE_CLAIM, settings.JWT_DEFAULT_SCOPES)
    return known_scopes(told.split() if isinstance(told, str) else told if isinstance(told, list) else ())


def subject_of(request: Request) -> str:
    """Return who asked, for the record: the token's subject, or "" for an open request."""
    return request.user.sub if isinstance(request.user, Caller) else ""


def require_scope(caller: object, scope: Scope, *, always: bool = True) -> None:
    """Refuse who may not do what needs the scope: 403; 401 without a token, unless that is open to everyone."""
    if isinstance(caller, Caller):
        if not caller.has(scope):
            raise ScopeMissing(scope)
    elif always or settings.REQUIRE_TOKEN:
        raise NotAuthenticated(
            _("This needs a token with the scope %(scope_value)s: Authorization: Bearer <token>.")
            % {"scope_value": scope.value}
        )


class TokenRequired(BasePermission):
    """Require a valid token with the scope of the operation."""

    is_open = False

    def has_permission(self, request: Request, view: "APIView") -> bool:
        require_scope(request.user, view.required_scope, always=not self.is_open)  # type: ignore[attr-defined]
        return True


class TokenIfRequired(TokenRequired):
    """Require one if REQUIRE_TOKEN is true. A wrong token, or one without the scope, is refused either way."""

    is_open = True
