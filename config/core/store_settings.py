"""Checks of what Azure's storage is reached with: mistakes that its driver would tell at the first file only, or never."""

import re
from collections.abc import Iterator

from django.conf import settings

PLACES = ("COMPUTE_ROOT", "IMPORT_INBOX")
AZURE = re.compile(r"(abfss?|az)://")
ACCOUNT = re.compile(r"//[^/]*@([^./]+)\.")  # of abfss://container@account.dfs.core.windows.net/folder
CONNECTION = "AZURE_STORAGE_CONNECTION_STRING"
NAMES = (CONNECTION, "AZURE_STORAGE_ACCOUNT_NAME")


def azure_errors() -> Iterator[tuple[str, str, str]]:
    """Yield code, what is wrong and how to mend it; no key and no signature is among it."""
    places = {name: place for name in PLACES if AZURE.match(place := getattr(settings, name))}
    if not places:
        return
    given = _parts(settings.STORE_SECRETS.get(CONNECTION, ""))
    if given and not _is_usable(given):
        mend = "Copy it whole from the storage account's access keys, or unset it."
        yield (
            "E200",
            f"{CONNECTION} lacks AccountName with AccountKey, or BlobEndpoint with SharedAccessSignature.",
            mend,
        )
    for name, place in places.items():
        named = ACCOUNT.search(place)
        if not named and not _is_account_set():
            mend = f"Set {' or '.join(NAMES)}, or give {name} as abfss://container@account.dfs.core.windows.net/folder."
            yield "E201", f"{name} is in Azure's storage, and no account is named.", mend
        other = given.get("accountname")
        if named and other and named[1] != other:
            mend = f"The driver would use {CONNECTION} for all: name one account, or unset it."
            yield "E202", f"{name} names the account {named[1]}, and {CONNECTION} {other}.", mend


def _is_usable(given: dict[str, str]) -> bool:
    has_endpoint = bool(given.get("blobendpoint") or given.get("accountname"))
    return has_endpoint and bool(given.get("accountkey") or given.get("sharedaccesssignature"))


def _is_account_set() -> bool:
    is_option = re.compile(r"FSSPEC_(ABFSS?|AZ)(_|$)")  # which set any option of the driver
    return any(settings.STORE_SECRETS.get(name) for name in NAMES) or any(map(is_option.match, settings.STORE_SECRETS))


def _parts(connection: str) -> dict[str, str]:
    pairs = (each.partition("=") for each in connection.split(";"))
    return {name.strip().lower(): value for name, _, value in pairs if name.strip()}
