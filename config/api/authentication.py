"""Authenticate by bearer token: API_TOKEN, or a JWT of the company's authentication service."""

import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING

import jwt
from django.conf import settings
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from config.access.callers import Caller
from config.access.throttling import check_token
from config.api.jwks import KeySetUnavailable, signing_key

if TYPE_CHECKING:  # the views import this module
    from rest_framework.views import APIView

NO_TOKEN = "This needs a token: Authorization: Bearer <token>."  # noqa: S105 - an answer, not a password

LONGEST_SUBJECT = 255


class WrongToken(AuthenticationFailed):
    """The token proves nothing: it may be a guess, and counts against the address that it came from."""

    default_detail = "The token is not valid."


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. Other schemes are not ours and count as no token."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[Caller, None] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return _caller(request, token.strip()), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BearerOrBodyAuthentication(BearerAuthentication):
    """The same, or the token as the field `Authorization` of a JSON body, with or without `Bearer `; a header goes first."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[Caller, None] | None:
        is_json = (request.content_type or "").partition(";")[0].strip() == "application/json"
        if "Authorization" in request.headers or not is_json or not isinstance(request, Request):
            return super().authenticate(request)
        token = request.data.get("Authorization") if isinstance(request.data, Mapping) else None
        if not isinstance(token, str):
            return None
        return _caller(request, token.strip().removeprefix("Bearer ").strip()), None


def _caller(request: Request | HttpRequest, token: str) -> Caller:
    plain: HttpRequest = getattr(request, "_request", request)  # DRF's wraps it
    return check_token(plain, token, caller_of, wrong=WrongToken)


def caller_of(token: str) -> Caller:
    """Return the caller that `token` proves, or raise AuthenticationFailed (401)."""
    if hmac.compare_digest(token.encode(), settings.API_TOKEN.encode()):
        return Caller(sub="api-token")
    if not settings.JWT_KEY and not settings.JWKS_URL:
        raise WrongToken
    try:
        key = signing_key(settings.JWKS_URL, token) if settings.JWKS_URL else settings.JWT_KEY
        claims = jwt.decode(token, key, algorithms=[settings.JWT_ALGORITHM], options={"require": ["sub"]})
    except jwt.ExpiredSignatureError as error:
        raise AuthenticationFailed("The token has expired.") from error
    except KeySetUnavailable as error:
        raise AuthenticationFailed(
            "The token cannot be checked: the authentication service does not answer."
        ) from error
    except (jwt.InvalidTokenError, jwt.PyJWKClientError) as error:
        raise WrongToken from error
    return Caller(sub=_acceptable_subject(claims["sub"]))


def _acceptable_subject(sub: str) -> str:
    """The subject is recorded with what was asked, so it must fit there."""
    if not 1 <= len(sub) <= LONGEST_SUBJECT or "\0" in sub:
        raise AuthenticationFailed(f"The token's subject must have 1 to {LONGEST_SUBJECT} characters.")
    return sub


def subject_of(request: Request) -> str:
    """Return who asked, for the record: the token's subject, or "" for an open request."""
    return request.user.sub if isinstance(request.user, Caller) else ""


def require_token(request: Request) -> None:
    """Refuse a request (401) that came without a valid token."""
    if not isinstance(request.user, Caller):
        raise NotAuthenticated(NO_TOKEN)


class TokenRequired(BasePermission):
    """Require a valid token."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        require_token(request)
        return True


class TokenIfRequired(TokenRequired):
    """Require a valid token if REQUIRE_TOKEN is true. A wrong token is refused either way."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return not settings.REQUIRE_TOKEN or super().has_permission(request, view)
