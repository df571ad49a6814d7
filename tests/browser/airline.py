"""An Apron whose people log in through a real OpenID provider, a real SAML provider, or with a password."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.fakes.openid_provider import OpenIdProvider
from tests.fakes.saml_provider import SamlProvider
from tests.processes import System, running_system

MAKE_USERS = "from sample_data.users import make_users; make_users()"


class Airline:
    """The system, whose web process runs, and its providers. Nothing works in the background."""

    def __init__(self, system: System, openid: OpenIdProvider, saml: SamlProvider) -> None:
        self.url, self.openid, self.saml = system.url.removesuffix("/api"), openid, saml
        system.environment["DEBUG"] = "true"
        system.manage("shell", "-c", MAKE_USERS)
        del system.environment["DEBUG"]
        system.start_web()
        saml.learn(requests.get(f"{self.url}/sso/saml/metadata", timeout=30).text)


@contextmanager
def running_airline(folder: Path, **names: str) -> Iterator[Airline]:
    """Start all of it; `names` are further settings."""
    groups = {"SSO_GROUPS": "airline-ops=operator,airline-bi=analyst"}
    with (
        OpenIdProvider() as openid,
        SamlProvider() as saml,
        running_system(folder, **openid.settings, **saml.settings, **groups, **names) as system,
    ):
        yield Airline(system, openid, saml)
