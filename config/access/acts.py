"""Who is acting: the caller of the request under way, or whoever started the command. The worker acts in nobody's name."""

import os
import pwd
import socket
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from ipaddress import ip_address
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from config.access.addresses import client_address, is_address
from config.access.callers import Caller
from config.core.actors import CLIENT, COMMAND, USER, VISITOR, Actor, acting, find_actor
from config.core.logging import current_request_id

# What runs by itself, or changes nothing that anybody would ask about; any other command is an act of who starts it.
NO_ACTS = frozenset({
    "check", "check_alerts", "collectstatic", "makemigrations", "migrate", "qcluster", "run_jobs", "run_worker",
    "runserver", "spectacular", "tail_data", "test",
})  # fmt: skip


class ActMiddleware:
    """Notes that the request is somebody's act. Who it is, is looked for only when something is recorded."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = find_actor.set(partial(_actor_of, request))  # for each request: `acting` costs several times as much
        try:
            return self.get_response(request)
        finally:
            find_actor.reset(token)


def command_as_act(argv: Sequence[str]) -> AbstractContextManager[None]:
    """Take what is done within the block for an act of who started the command, unless it is one of NO_ACTS."""
    name = argv[1] if len(argv) > 1 else ""
    return acting(None if name in NO_ACTS else partial(_starter_of, name))


def _actor_of(request: HttpRequest) -> Actor:
    user: Any = getattr(request, "user", None)  # of the API's requests REST framework's, which is a Caller or nobody
    where = (_plain(client_address(request)), current_request_id())
    if isinstance(user, Caller):
        return Actor(CLIENT, user.sub, *where)
    if user is not None and user.is_authenticated:
        return Actor(USER, user.get_username(), *where)
    return Actor(VISITOR, "", *where)


def _plain(address: str) -> str:
    """Return an address as one looks for it: 10.0.0.1, not ::ffff:10.0.0.1, and without the name of a network card."""
    if not is_address(address):
        return ""
    found = ip_address(address.partition("%")[0])
    return str(getattr(found, "ipv4_mapped", None) or found)


def _starter_of(command: str) -> Actor:
    return Actor(COMMAND, _system_user(), socket.gethostname(), details={"command": command})


def _system_user() -> str:
    """Return the name of the process's user; the number, where the system has no name for it, as in some containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
