"""Certificates of brokers, as PEM files with a PKCS #8 key, which is what Java reads; and the one user there is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

USER = "apron"
PASSWORD = "correct-horse"


class Certificates:
    """An authority, and two key stores of a broker on 127.0.0.1: one that is good and one that has expired."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.authority = folder / "authority.pem"
        authority.cert_pem.write_to_path(self.authority)
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        self.good = self._write(folder / "good.pem", authority.issue_cert("127.0.0.1", not_after=tomorrow))
        yesterday = datetime.now(UTC) - timedelta(days=1)
        self.expired = self._write(folder / "expired.pem", authority.issue_cert("127.0.0.1", not_after=yesterday))

    @staticmethod
    def _write(file: Path, issued: trustme.LeafCert) -> Path:
        key = load_pem_private_key(issued.private_key_pem.bytes(), password=None)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(pem + b"".join(part.bytes() for part in issued.cert_chain_pems))
        return file
