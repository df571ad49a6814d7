"""`manage.py api_client create | list | new-key | revoke`: programs that may call the API."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from config.access import clients
from config.access.scopes import Scope
from config.core.commands import LeanCommand
from config.models import ApiClient


class Command(LeanCommand):
    """Makes and revokes API clients and their keys. A key is printed once, when it is made."""

    help = "Make, list and revoke API clients and their keys."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make a client, and print its first key")
        create.add_argument("name")
        scopes = "; ".join(f"{scope.value}: {scope.label}" for scope in Scope)
        create.add_argument("--scope", action="append", required=True, metavar="SCOPE", help=f"once for each. {scopes}")
        create.add_argument(
            "--network", action="append", default=[], help="that it may call from, such as 192.0.2.0/24"
        )
        create.add_argument("--per-minute", type=int, help="how many requests a minute; more are answered 429")
        create.add_argument("--expires", type=_date, metavar="YYYY-MM-DD", help="its keys stop working at this time")
        actions.add_parser("list", help="show the clients and their keys")
        new_key = actions.add_parser("new-key", help="print a second key, to take the first one's place")
        new_key.add_argument("name")
        revoke = actions.add_parser("revoke", help="make all keys of a client worthless, or one of them")
        revoke.add_argument("name")
        revoke.add_argument("--key", help="how the key begins, as the list shows it")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action.replace('-', '_')}")(options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except clients.TooManyKeysError as error:
            raise CommandError(str(error)) from error

    def _create(self, options: dict[str, Any]) -> None:
        _, key = clients.create_client(
            name=options["name"],
            scopes=options["scope"],
            allowed_networks=options["network"],
            requests_per_minute=options["per_minute"],
            expires_at=options["expires"],
        )
        self.stdout.write(key)

    def _new_key(self, options: dict[str, Any]) -> None:
        client = _client(options["name"])
        if client.revoked_at:
            raise CommandError(f"{client} is revoked. Make another client.")
        self.stdout.write(clients.new_key(client))

    def _revoke(self, options: dict[str, Any]) -> None:
        client = _client(options["name"])
        if not options["key"]:
            clients.revoke_client(client)
            return
        found = [key for key in clients.good_keys(client) if key.ident.startswith(options["key"].rstrip("…"))]
        if len(found) != 1:
            known = ", ".join(map(str, clients.good_keys(client))) or "none"
            raise CommandError(f"{len(found)} good keys of {client} begin like that. There are: {known}.")
        clients.revoke_key(found[0])

    def _list(self, options: dict[str, Any]) -> None:
        table = Table("client", "scopes", "keys", "last used", "expires", box=None)
        for client in ApiClient.objects.filter(revoked_at=None).order_by("name").iterator():
            keys = list(clients.good_keys(client))
            used = "\n".join(f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never" for key in keys)
            ends = f"{client.expires_at:%Y-%m-%d}" if client.expires_at else ""
            table.add_row(client.name, " ".join(client.scopes), "\n".join(map(str, keys)), used, ends)
        Console(file=self.stdout).print(table)  # type: ignore[arg-type] # it has what a file has


def _client(name: str) -> ApiClient:
    found = ApiClient.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"There is no client {name}; `manage.py api_client list` shows those there are.")
    return found


def _date(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
