"""The environment that Azure's storage is reached with, and secrets in what drivers say."""

from typing import Any

import pytest

from config.core.addresses import may_hold_password, without_secrets
from config.core.settings_checks import check_settings

PLACE = "abfss://retail@mine.dfs.core.windows.net/compute"
WHOLE = "DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"
SIGNED = "BlobEndpoint=https://mine.blob.core.windows.net;SharedAccessSignature=sv=2026&sig=s3cr3t"


@pytest.mark.parametrize(
    ("code", "place", "connection"),
    [
        ("apron.E200", "az://retail/compute", "AccountName=mine;AccountKey="),
        ("apron.E200", "az://retail/compute", "AccountKey=c2VjcmV0"),
        ("apron.E200", PLACE, "c2VjcmV0"),
        ("apron.E201", "az://retail/compute", ""),
        ("apron.E202", PLACE, WHOLE.replace("AccountName=mine", "AccountName=other")),
    ],
)
@pytest.mark.parametrize("name", ["COMPUTE_ROOT", "IMPORT_INBOX"])
def test_an_environment_that_reaches_no_account_or_another_is_an_error_without_its_key(
    settings: Any, code: str, place: str, connection: str, name: str
) -> None:
    setattr(settings, name, place)
    settings.STORE_SECRETS = {"AZURE_STORAGE_CONNECTION_STRING": connection}
    assert code in [error.id for error in check_settings()]
    assert "c2VjcmV0" not in str(check_settings())


@pytest.mark.parametrize(
    ("place", "environment"),
    [
        (PLACE, {}),  # by the machine's identity
        (PLACE, {"AZURE_STORAGE_CONNECTION_STRING": WHOLE}),
        ("az://retail/compute", {"AZURE_STORAGE_CONNECTION_STRING": WHOLE}),
        ("az://retail/compute", {"AZURE_STORAGE_CONNECTION_STRING": SIGNED}),
        ("az://retail/compute", {"AZURE_STORAGE_ACCOUNT_NAME": "mine"}),
        ("az://retail/compute", {"FSSPEC_AZ_ACCOUNT_NAME": "mine"}),
        ("s3://retail/compute", {"AZURE_STORAGE_CONNECTION_STRING": "of something else"}),
    ],
)
def test_an_environment_that_reaches_the_account_is_fine(
    settings: Any, place: str, environment: dict[str, str]
) -> None:
    settings.COMPUTE_ROOT = place
    settings.STORE_SECRETS = environment
    assert [error.id for error in check_settings()] == []


@pytest.mark.parametrize("signature", ["?sv=2026&se=x&sig=s3cr3t%3D", "?X-Amz-Signature=s3cr3t"])
def test_a_signature_in_an_address_is_a_password(settings: Any, signature: str) -> None:
    settings.COMPUTE_ROOT = f"{PLACE}{signature}"
    assert [error.id for error in check_settings()] == ["apron.E019"]
    assert "s3cr3t" not in str(check_settings())
    assert not may_hold_password("s3://bucket/design=1&big")


@pytest.mark.parametrize(
    "text",
    [
        "Invalid URL: ParseResult(netloc='', query='sv=2026&sig=s3cr3t%2B', fragment='')",
        "AccountName=mine;AccountKey=s3cr3t==;EndpointSuffix=core.windows.net is malformed",
        "BlobEndpoint=https://x;SharedAccessSignature=sv=2026&sig=s3cr3t",
        'GET "https://b.s3.amazonaws.com/k?X-Amz-Signature=s3cr3t" failed',
    ],
)
def test_keys_and_signatures_are_left_out_of_what_drivers_say(text: str) -> None:
    told = without_secrets(text)
    assert "s3cr3t" not in told
    assert "=…" in told
    assert without_secrets("No such container: retail") == "No such container: retail"
