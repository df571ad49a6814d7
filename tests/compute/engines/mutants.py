"""`python -m tests.compute.engines.mutants SEED START STOP STEP ENGINE`: files broken by chance, each read by a job.

It prints a mutant's number before its job runs, so that one which ends the process is known, and what else than a result or
a fault came of it. A mutant is made of its number alone.
"""

import gzip
import json
import random
import resource
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from compute.files.errors import ComputeError
from compute.jobs.execute import execute
from tests.compute.engines.mutant_seeds import seeds
from tests.compute.tables import order, prepared

DATA_BYTES = 3 * 512 * 1024**2  # as a child has it
OPERATIONS: list[tuple[str, dict[str, Any]]] = [
    ("group_by", {"by": ["k"], "aggregations": {}}),
    ("group_by", {"by": ["k"], "aggregations": {"x": ["sum", "mean", "max"]}}),
    ("group_by", {"by": ["note", "k"], "aggregations": {"x": ["first", "n_unique", "min"], "note": ["max", "last"]}}),
    ("stats", {"columns": ["x"]}),
    ("stats", {"columns": ["x"], "by": ["k"]}),
    ("non_null", {"columns": ["x", "note"]}),
    ("preview", {"rows": 5}),
    ("profile", {"columns": []}),
    ("group_by", {"by": ["k"], "aggregations": {"x": ["median", "p95"]}, "sort": [{"column": "x_median"}], "limit": 2}),
    ("stats", {"columns": ["x"], "where": [{"column": "k", "op": "contains", "value": "group"}]}),
    ("non_null", {"columns": ["x"], "read": {"on_bad_rows": "skip"}}),
]
OUTPUTS = ("", "", "", "csv", "json", "xml", "parquet", "arrow", "xlsx")
SIGNATURES = (
    b"PAR1", b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"BZh91AY&SY", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0",
    b"\xef\xbb\xbf", b"<?xml ", b"[", b"{", b"\0\0\0\0",
)  # fmt: skip
MARKUP = b",;\t|\"'<>&{}[]:=/!\n\r\0\\ .-+eE"
NUMBERS = (b"", b"-", b"NaN", b"1e999", b"9" * 400, b"9223372036854775808", b"0x10", b"1_0", b"\xd9\xa3", b"inf", b".")
ENCODINGS = (
    b"UTF-16",
    b"utf-32",
    b"Shift_JIS",
    b"GBK",
    b"base64",
    b"x",
    b"",
    b"cp037",
    b"idna",
    b"latin-1",
    b"hz",
    b"utf-7",
)
Mutation = Callable[[bytearray, random.Random], None]


def flip_bits(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randrange(1, 9)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def cut_off(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(1, len(content) + 1) :]


def duplicate(content: bytearray, chance: random.Random) -> None:
    start, end = _block(content, chance)
    place = chance.randrange(len(content))
    content[place:place] = content[start:end] * chance.choice((1, 1, 2, 50))


def remove(content: bytearray, chance: random.Random) -> None:
    start, end = _block(content, chance)
    if end - start < len(content):
        del content[start:end]


def insert(content: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(content))
    content[place:place] = chance.randbytes(chance.randrange(1, 40))


def change_signature(content: bytearray, chance: random.Random) -> None:
    signature = chance.choice(SIGNATURES)
    content[: chance.choice((0, len(signature)))] = signature


def change_encoding(content: bytearray, chance: random.Random) -> None:
    start = content.find(b'encoding="') + len(b'encoding="')
    end = content.find(b'"', start)
    if b'encoding="' in content and end > 0:
        content[start:end] = chance.choice(ENCODINGS)


def change_length(content: bytearray, chance: random.Random) -> None:
    size = chance.choice((1, 2, 4, 8))
    value = chance.choice(
        (0, 1, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1, chance.randrange(256))
    )
    place = chance.choice((len(content) - 8, chance.randrange(len(content))))
    content[place : place + size] = value.to_bytes(size, "little")


def change_number(content: bytearray, chance: random.Random) -> None:
    places = [place for place, byte in enumerate(content) if chr(byte).isdigit() and byte < 128]
    if places:
        place = chance.choice(places)
        content[place : place + 1] = chance.choice(NUMBERS)


def change_markup(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randrange(1, 4)):
        places = [place for place, byte in enumerate(content) if byte in MARKUP]
        if places:
            content[chance.choice(places)] = chance.choice(MARKUP)


def _block(content: bytearray, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(content))
    return start, start + chance.randrange(1, chance.choice((4, 40, 400)))


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, flip_bits, cut_off, duplicate, remove, insert, change_signature, change_encoding, change_length,
    change_number, change_markup, change_markup,
)  # fmt: skip


def mutant(seed: int, number: int) -> tuple[str, bytes, random.Random]:
    """Return a file's suffix and content, and what decides all else about the mutant."""
    chance = random.Random(f"{seed} {number}")
    suffix, content = chance.choice(seeds())
    is_packed = suffix not in ("parquet", "xml", "arrow", "xlsx") and chance.random() < 0.2
    mutated = bytearray(content)
    for mutation in chance.choices(MUTATIONS, k=chance.choice((1, 1, 2, 3))):
        if mutated:
            mutation(mutated, chance)
    if not is_packed:
        return suffix, bytes(mutated), chance
    packed = bytearray(gzip.compress(bytes(mutated), compresslevel=1, mtime=0))
    if chance.random() < 0.3:
        chance.choice(MUTATIONS)(packed, chance)
    return f"{suffix}.gz", bytes(packed), chance


def outcome(seed: int, number: int, engine: str, folder: Path) -> str:
    """Run the job of a mutant; return "a result", a fault's detail, or the trace of what should not be."""
    suffix, content, chance = mutant(seed, number)
    operation, parameters = chance.choice(OPERATIONS)
    path = folder / f"t.{suffix}"
    path.write_bytes(content)
    body = order(
        path,
        operation,
        engine=engine,
        input_format=suffix.removesuffix(".gz"),
        output_format=chance.choice(OUTPUTS),
        **parameters,
    )
    try:
        execute(body, lambda _: None)
    except ComputeError as fault:
        return fault.detail
    except Exception:
        return traceback.format_exc()
    finally:
        shutil.rmtree(body.scratch)
        path.unlink()
    return "a result"


def main(seed: int, start: int, stop: int, step: int, engine: str) -> None:
    prepared(engine)
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES, DATA_BYTES))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(start, stop, step):
            print(number, flush=True)
            if (found := outcome(seed, number, engine, Path(folder))).startswith("Traceback"):
                print(json.dumps({"number": number, "error": found}), flush=True)


if __name__ == "__main__":
    seed, start, stop, step = (int(each) for each in sys.argv[1:5])
    main(seed, start, stop, step, sys.argv[5])
