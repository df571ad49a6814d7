"""The files that mutants are made of: a small table in every format, dialect and encoding."""

import bz2
import codecs
import io
import json
import lzma
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from config.core.worksheets import write_xlsx

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
    texts = [*_csvs(), *_other_csvs(), *_jsons(), *_xmls(), *_packed(), *_workbooks(), *_arrows()]
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


def _other_csvs() -> list[tuple[str, bytes]]:
    """What only our own reader takes: other encodings, and dialects."""
    usual = _csvs()[1][1].decode()
    latin = usual.replace("日本", "ñ")
    escaped = usual.replace('""', '\\"')
    return [
        ("csv", latin.encode("cp1252")), ("csv", usual.encode("utf-16")), ("csv", b"sep=;\n" + usual.encode()),
        ("csv", escaped.encode()), ("csv", usual.replace("\r\n", "\n", 9).encode()),
    ]  # fmt: skip


def _packed() -> list[tuple[str, bytes]]:
    usual, archive = _csvs()[0][1], io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("t.csv", usual)
    return [
        ("csv", bz2.compress(usual)), ("csv", lzma.compress(usual)), ("csv", archive.getvalue()),
        ("csv", pa.compress(usual, codec="zstd", asbytes=True)),
    ]  # fmt: skip


def _workbooks() -> list[tuple[str, bytes]]:
    book = io.BytesIO()
    write_xlsx(book, list(ROWS[0]), [list(row.values()) for row in ROWS], cuts=False)
    return [("xlsx", book.getvalue())]


def _arrows() -> list[tuple[str, bytes]]:
    table, found = pa.Table.from_pylist(ROWS), []
    for write in (pa.ipc.new_file, pa.ipc.new_stream):
        sink = io.BytesIO()
        with write(sink, table.schema) as writer:
            writer.write_table(table)
        found.append(("arrow", sink.getvalue()))
    return found


def _jsons() -> list[tuple[str, bytes]]:
    nested = [row | {"deep": {"a": [1, None, {"b": "c"}]}, "x": str(row["x"])} for row in ROWS]
    lines = "".join(json.dumps(row) + "\n" for row in nested)
    return [
        ("json", json.dumps(ROWS, ensure_ascii=False).encode()),
        ("json", json.dumps(nested, indent=1).encode()),
        ("json", json.dumps({"data": ROWS, "total": len(ROWS)}).encode()),
        ("jsonl", lines.encode()),
        ("jsonl", codecs.BOM_UTF8 + lines.encode()),
    ]


def _xmls() -> list[tuple[str, bytes]]:
    return [
        ("xml", (f'<?xml version="1.0" encoding="{encoding}"?>\n' + _xml()).encode(encoding, "xmlcharrefreplace"))
        for encoding in ENCODINGS
    ] + [("xml", _xml().encode()), ("xml", _nested_xml().encode())]


def _xml() -> str:
    records = (f'<r k="{row["k"]}"><x>{row["x"]}</x><note>{row["note"] or ""}</note></r><!-- -->\n' for row in ROWS)
    return f"<rows>{''.join(records)}</rows>"


def _nested_xml() -> str:
    records = (
        f'<r><k>{row["k"]}</k><a><x>{row["x"]}</x><n c="d">{row["note"] or ""}</n></a><t>1</t><t>2</t></r>'
        for row in ROWS
    )
    return f"<!DOCTYPE rows><rows><meta/>{''.join(records)}</rows>"


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
