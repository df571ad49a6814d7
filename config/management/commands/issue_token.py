"""`manage.py issue_token --sub NAME --scope SCOPE --days N`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from config.access import audit
from config.access.scopes import Scope
from config.core.commands import LeanCommand


class Command(LeanCommand):
    """Signs a token with JWT_KEY, for a caller that the company's authentication service does not know."""

    help = "Issue a JWT signed with JWT_KEY (HS256)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sub", required=True, help="who the token is for; recorded with what is asked")
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            choices=Scope.values,
            metavar="SCOPE",
            help=f"what its holder may do, once for each: {', '.join(Scope.values)}",
        )
        parser.add_argument("--days", type=int, default=30, help="how long it is valid (default 30)")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.JWT_ALGORITHM != "HS256" or not settings.JWT_KEY:
            raise CommandError("Only HS256 tokens can be issued here: set JWT_KEY to a secret of 32 bytes or more.")
        if options["days"] < 1 or not options["sub"].strip():
            raise CommandError("Give a name and at least one day.")
        audit.record("issue_token", sub=options["sub"], days=options["days"])
        now = datetime.now(UTC)
        claims = {"sub": options["sub"], "iat": now, "exp": now + timedelta(days=options["days"])}
        claims[settings.JWT_SCOPE_CLAIM] = " ".join(options["scope"])
        self.stdout.write(jwt.encode(claims, settings.JWT_KEY, algorithm="HS256"))
