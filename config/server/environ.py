"""The environ of PEP 3333 for a request of ASGI."""

import sys
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import unquote_to_bytes
from wsgiref.util import FileWrapper

_BASE = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
    "wsgi.file_wrapper": FileWrapper,
}
_PROTOCOLS = {"1": "HTTP/1.0", "1.1": "HTTP/1.1"}
_WITHOUT_PREFIX = {"CONTENT_TYPE", "CONTENT_LENGTH"}
_MOST_NAMES = 1000
_names: dict[bytes, str] = {}


def environ_of(scope: Mapping[str, Any], body: IO[bytes], length: int) -> dict[str, Any]:
    """Return the environ of a request whose body is here, of `length` bytes."""
    environ: dict[str, Any] = _BASE.copy()
    for raw_name, raw_value in scope["headers"]:
        name = _names.get(raw_name) or _variable(raw_name)
        if not name:
            continue
        value = raw_value.decode("latin-1")
        if name in environ:
            value = f"{environ[name]}{';' if name == 'HTTP_COOKIE' else ','}{value}"
        environ[name] = value
    if length:
        environ["CONTENT_LENGTH"] = str(length)  # a body in chunks has not told it
    server, client = scope["server"] or ("", ""), scope["client"] or ("", "")
    environ["SERVER_NAME"], environ["SERVER_PORT"] = server[0], str(server[1])
    environ["SERVER_PROTOCOL"] = _PROTOCOLS.get(scope["http_version"], "HTTP/1.1")
    environ["REMOTE_ADDR"] = client[0]
    environ["REQUEST_METHOD"] = scope["method"]
    environ["PATH_INFO"] = unquote_to_bytes(scope["raw_path"]).decode("latin-1")
    environ["QUERY_STRING"] = scope["query_string"].decode("latin-1")
    environ["wsgi.url_scheme"] = scope["scheme"]
    environ["wsgi.input"] = body
    return environ


def _variable(raw_name: bytes) -> str:
    """Return a header's name in the environ, or "" for one that would be taken for another: X_Forwarded_For."""
    if b"_" in raw_name:
        return ""
    name = raw_name.decode("latin-1").upper().replace("-", "_")
    if name not in _WITHOUT_PREFIX:
        name = f"HTTP_{name}"
    if len(_names) < _MOST_NAMES:
        _names[raw_name] = name
    return name
