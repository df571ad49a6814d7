"""The files that mutants are made of: a small table in every format, dialect and encoding."""

import codecs
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROWS: list[dict[str, Any]] = [
    {"k": f"group {number % 3}", "x": number * 1.5, "note": None if number % 5 == 0 else f'é "{number}", 日本'}
    for number in range(40)
]
ENCODINGS = (
    "UTF-8",
    "UTF-16",
    "UTF-32",
    "ISO-8859-1",
    "windows-1252",
    "Shift_JIS",
    "GBK",
    "EUC-JP",
    "ISO-2022-JP",
    "KOI8-R",
)


@cache
def seeds() -> list[tuple[str, bytes]]:
    """Return suffix and content of each. Those of text come as often as those of Parquet."""
    texts = [*_csvs(), *_jsons(), *_xmls()]
    return texts + [("parquet", content) for content in _parquets()] * 2


def _csvs() -> list[tuple[str, bytes]]:
    found = []
    for suffix, delimiter, quote, end in (
        ("csv", ",", '"', "\n"), ("csv", ";", '"', "\r\n"), ("csv", ",", "", "\n"),
        ("tsv", "\t", "", "\n"), ("csv", "|", '"', "\r"),
    ):  # fmt: skip
        lines = [["k", "x", "note"]]
        for row in ROWS:
            note = (row["note"] or "").replace('"', '""' if quote else "").replace(",", "," if quote else "")
            lines.append([row["k"], str(row["x"]), f"{quote}{note}{quote}"])
        found.append((suffix, end.join(delimiter.join(line) for line in [*lines, []]).encode()))
    found.append(("csv", codecs.BOM_UTF8 + found[0][1]))
    return found


def _jsons() -> list[tuple[str, bytes]]:
    nested = [row | {"deep": {"a": [1, None, {"b": "c"}]}, "x": str(row["x"])} for row in ROWS]
    lines = "".join(json.dumps(row) + "\n" for row in nested)
    return [
        ("json", json.dumps(ROWS, ensure_ascii=False).encode()),
        ("json", json.dumps(nested, indent=1).encode()),
        ("jsonl", lines.encode()),
        ("jsonl", codecs.BOM_UTF8 + lines.encode()),
    ]


def _xmls() -> list[tuple[str, bytes]]:
    return [
        ("xml", (f'<?xml version="1.0" encoding="{encoding}"?>\n' + _xml()).encode(encoding, "xmlcharrefreplace"))
        for encoding in ENCODINGS
    ] + [("xml", _xml().encode())]


def _xml() -> str:
    records = (f'<r k="{row["k"]}"><x>{row["x"]}</x><note>{row["note"] or ""}</note></r><!-- -->\n' for row in ROWS)
    return f"<rows>{''.join(records)}</rows>"


def _parquets() -> list[bytes]:
    plain = pa.Table.from_pylist(ROWS)
    moment = datetime(2024, 2, 29, 12, tzinfo=UTC)
    typed = plain.append_column("d", pa.array([date(2024, 2, 29)] * 40))
    for name, array in {
        "t": pa.array([moment] * 40, pa.timestamp("us", "UTC")),
        "n": pa.array([Decimal("1.50")] * 40, pa.decimal128(30, 2)),
        "l": pa.array([[1, None], None] * 20, pa.list_(pa.int8())),
        "m": pa.array([[("a", 1)]] * 40, pa.map_(pa.string(), pa.int64())),
        "s": pa.array([{"a": 1, "b": "c"}, None] * 20),
        "b": pa.array([b"\xff\x00"] * 40),
    }.items():
        typed = typed.append_column(name, array)
    options: list[tuple[pa.Table, dict[str, Any]]] = [
        (plain, {}),
        (plain, {"compression": "none", "use_dictionary": False}),
        (plain, {"row_group_size": 7, "compression": "zstd", "data_page_version": "2.0", "use_dictionary": False}),
        (plain, {"compression": "gzip", "write_page_index": True, "store_schema": False, "write_page_checksum": True}),
        (plain, {"column_encoding": {"k": "DELTA_BYTE_ARRAY", "x": "BYTE_STREAM_SPLIT", "note": "DELTA_LENGTH_BYTE_ARRAY"},
                 "use_dictionary": False, "compression": "lz4"}),
        (typed, {"row_group_size": 16}),
        (typed, {"use_deprecated_int96_timestamps": True, "compression": "none"}),
    ]  # fmt: skip
    return [_parquet(table, each) for table, each in options]


def _parquet(table: pa.Table, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()
