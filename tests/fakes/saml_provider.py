"""A SAML 2.0 identity provider on a real socket, of pysaml2: metadata, login, single logout.

pysaml2 has XML signed by the program xmlsec1; here the library of the same name signs, which the extra has anyway, so that
the tests need nothing but Python. Its login page asks for nothing but a name of `people`.
"""

import base64
import html
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from saml2 import BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.sigver import CryptoBackend, RSACrypto, import_rsa_key_from_file

from tests.fakes.faulty import FaultyServer, Received

PASSWORD = {
    "class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    "authn_auth": "the provider",
}
RSA_SHA256, SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"
PAGE = """<!doctype html><html lang=en><title>Provider</title><h1>The provider</h1>
<form method=post action="{action}">{fields}</form>"""
NAMESPACES = {
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
HIDDEN = '<input type=hidden name="{name}" value="{value}">'


def make_key(folder: Path, name: str) -> tuple[str, str]:
    """Make a key and its certificate; return their files."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    key_file, certificate_file = folder / f"{name}.key", folder / f"{name}.crt"
    key_file.write_bytes(key.private_bytes(pem, plain, serialization.NoEncryption()))
    certificate_file.write_bytes(certificate.public_bytes(pem))
    return str(key_file), str(certificate_file)


def sign(document: Any, node: Any, key_file: str) -> None:
    """Fill the empty signature in a node of a document."""
    xmlsec.tree.add_ids(document, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(key_file, xmlsec.constants.KeyDataFormatPem)
    context.sign(xmlsec.tree.find_child(node, xmlsec.constants.NodeSignature))


def changed(xml: str, change: Callable[[Any], None], key_file: str = "") -> str:
    """Return an answer after a change to its assertion; with a key, it is signed again, as if the provider had made it so."""
    document = etree.fromstring(xml.encode())
    assertion = document.find(f"{{{NAMESPACES['saml']}}}Assertion")
    change(assertion)
    if key_file:
        for name in ("DigestValue", "SignatureValue"):
            assertion.find(f".//ds:{name}", NAMESPACES).text = None
        sign(document, assertion, key_file)
    return str(etree.tostring(document).decode())


def encrypted(xml: str, certificate_file: str) -> str:
    """Return an answer whose assertion only the owner of a certificate can read."""
    document = etree.fromstring(xml.encode())
    assertion = document.find("saml:Assertion", NAMESPACES)
    made = xmlsec.template.encrypted_data_create(
        document, xmlsec.constants.TransformAes256Cbc, type=xmlsec.constants.TypeEncElement, ns="xenc"
    )
    xmlsec.template.encrypted_data_ensure_cipher_value(made)
    info = xmlsec.template.encrypted_data_ensure_key_info(made, ns="ds")
    xmlsec.template.encrypted_data_ensure_cipher_value(
        xmlsec.template.add_encrypted_key(info, xmlsec.constants.TransformRsaOaep)
    )
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_file(certificate_file, xmlsec.constants.KeyDataFormatCertPem))
    context = xmlsec.EncryptionContext(manager)
    context.key = xmlsec.Key.generate(xmlsec.constants.KeyDataAes, 256, xmlsec.constants.KeyDataTypeSession)
    data = context.encrypt_xml(made, assertion)
    around = etree.Element(f"{{{NAMESPACES['saml']}}}EncryptedAssertion")
    data.getparent().replace(data, around)
    around.append(data)
    return str(etree.tostring(document).decode())


class LibraryBackend(CryptoBackend):
    """Signs with python-xmlsec."""

    def sign_statement(self, statement: Any, node_name: str, key_file: str, node_id: str) -> str:
        document = etree.fromstring(statement if isinstance(statement, bytes) else str(statement).encode())
        sign(document, document.xpath("//*[@ID=$id]", id=node_id)[0], key_file)
        return str(etree.tostring(document).decode())


class SamlProvider(FaultyServer):
    """Serves until closed. `spoil` is given each answer to a login, as XML, and returns what goes out.

    `options`: what pysaml2 is told beside, when it makes an answer. `logouts`: for whom a logout was asked.
    """

    def __init__(self) -> None:
        super().__init__()
        self.people = {"olga": ["airline-ops"], "bea": ["airline-bi", "all-staff"]}
        self.spoil: Callable[[str], str] = lambda xml: xml
        self.options: dict[str, Any] = {}
        self.logouts: list[str] = []
        self._folder = tempfile.TemporaryDirectory()
        self.key, self.certificate = make_key(Path(self._folder.name), "provider")

    def __enter__(self) -> "SamlProvider":
        super().__enter__()
        config = IdPConfig().load(self._config())
        self.metadata = str(entity_descriptor(config))
        self.server = Server(config=config)
        self.server.sec.crypto = LibraryBackend()
        self.server.sec.sec_backend = RSACrypto(import_rsa_key_from_file(self.key))
        return self

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._folder.cleanup()

    def _config(self) -> dict[str, Any]:
        return {
            "entityid": f"{self.url}/metadata",
            "crypto_backend": "XMLSecurity",  # until ours is put in its place
            "key_file": self.key,
            "cert_file": self.certificate,
            "service": {
                "idp": {
                    "name": "The provider",
                    "endpoints": {
                        "single_sign_on_service": [(f"{self.url}/sso", BINDING_HTTP_REDIRECT)],
                        "single_logout_service": [(f"{self.url}/slo", BINDING_HTTP_REDIRECT)],
                    },
                    "policy": {"default": {"attribute_restrictions": None, "lifetime": {"minutes": 5}}},
                    "name_id_format": [NAMEID_FORMAT_PERSISTENT],
                }
            },
        }

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings with which Apron uses it."""
        return {"SSO_SAML_METADATA_URL": f"{self.url}/metadata"}

    def learn(self, metadata: str) -> None:
        """Learn who asks, of their metadata."""
        self.server.metadata = self.server.sec.metadata = self.server.config.load_metadata({"inline": [metadata]})

    def response(self, query: dict[str, str], name: str) -> tuple[str, str]:
        """Return where the answer to a login goes, and the answer as XML."""
        asked = self.server.parse_authn_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT).message
        values = {
            "in_response_to": asked.id,
            "destination": asked.assertion_consumer_service_url,
            "sp_entity_id": asked.issuer.text,
            "name_id": NameID(format=NAMEID_FORMAT_PERSISTENT, text=name),
            "sign_response": False,
            "sign_assertion": True,
            "sign_alg": RSA_SHA256,
            "digest_alg": SHA256,
        } | self.options
        identity = {"groups": self.people[name], "mail": [f"{name}@example.com"], "givenName": [name.title()]}
        made = self.server.create_authn_response(identity, authn=PASSWORD, **values)
        return values["destination"], self.spoil(str(made))

    def answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        url = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/metadata":
            return 200, {"Content-Type": "application/samlmetadata+xml"}, self.metadata.encode()
        if url.path == "/slo":
            return self._log_out(query)
        if request.method == "GET":
            fields = "<label>Name <input name=name></label> <button>Log in</button>"
            return self._page(PAGE.format(action=html.escape(request.path), fields=fields))
        name = parse_qs(request.body.decode())["name"][0]
        destination, xml = self.response(query, name)
        sent = {"SAMLResponse": base64.b64encode(xml.encode()).decode(), "RelayState": query.get("RelayState", "")}
        fields = "".join(HIDDEN.format(name=name, value=html.escape(value)) for name, value in sent.items())
        return self._page(PAGE.format(action=html.escape(destination), fields=f"{fields}<button>Continue</button>"))

    @staticmethod
    def _page(text: str) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Content-Type": "text/html; charset=utf-8"}, text.encode()

    def _log_out(self, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        asked = self.server.parse_logout_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT)
        self.logouts.append(asked.message.name_id.text)
        made = self.server.create_logout_response(asked.message, [BINDING_HTTP_REDIRECT])
        return 302, {"Location": self._signed_redirect("SAMLResponse", made, query.get("RelayState", ""))}, b""

    def logout_request(self, name: str, *, is_signed: bool = True) -> str:
        """Return the address with which the provider tells Apron that somebody's session there is over."""
        destination = self._our_logout()
        name_id = NameID(format=NAMEID_FORMAT_PERSISTENT, text=name)
        _, made = self.server.create_logout_request(
            destination, issuer_entity_id=f"{self.url}/metadata", name_id=name_id
        )
        return self._signed_redirect("SAMLRequest", made, "", is_signed=is_signed)

    def _our_logout(self) -> str:
        [sp] = self.server.metadata.with_descriptor("spsso")
        found: str = self.server.metadata.single_logout_service(sp, BINDING_HTTP_REDIRECT, "spsso")[0]["location"]
        return found

    def _signed_redirect(self, kind: str, message: Any, relay_state: str, *, is_signed: bool = True) -> str:
        binding = self.server.apply_binding(
            BINDING_HTTP_REDIRECT,
            str(message),
            self._our_logout(),
            relay_state,
            response=kind == "SAMLResponse",
            sign=is_signed,
            sigalg=RSA_SHA256,
        )
        return str(dict(binding["headers"])["Location"])
