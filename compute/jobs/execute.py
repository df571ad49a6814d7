"""Execute one job, from its file to its result, in a worker process. Free of Django.

A text file is read in parallel where that cannot lose rows (compute/files/truncation.py), and sequentially otherwise. Where a
column holds another type than assumed, the file is read again with that type: guessing types from a sample would be wrong.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from compute.engines import engine_class
from compute.engines.base import Engine, Resources, Target, Written
from compute.files.csv_file import check_rows
from compute.files.errors import (
    BrokenFile,
    ComputeError,
    FileChanged,
    MixedColumn,
    NotNumeric,
    NotSplittable,
    OutOfRange,
    UnsupportedByFastPath,
)
from compute.files.formats import Format, Source, inspect_source
from compute.files.locations import fetch, is_url, publish
from compute.files.truncation import checked, may_be_misread
from compute.files.versions import version_of, write_back
from compute.jobs.background_fsync import fsync_in_background
from compute.operations import operation_of
from compute.operations.base import Operation
from compute.operations.cell_types import CastError, CellType, Table
from compute.operations.read_options import ReadOptions


@dataclass(frozen=True)
class JobSpec:
    """A job as a worker process gets it.

    `input_path` and `results` are locations: absolute paths or URLs. `scratch` is a folder of the job's own on this machine,
    `shared_scratch` the path of one that a cluster's machines reach too.
    """

    engine: str
    operation: str
    parameters: dict[str, Any]
    input_path: str
    input_format: str
    input_version: str  # when the job was taken in
    output_format: str  # "" for the input's
    results: str
    result_stem: str
    scratch: str
    shared_scratch: str
    memory: int
    threads: int


@dataclass(frozen=True)
class JobResult:
    """Result of a job: its file name, the rows read and written, its columns with their types.

    `read_as`: for each column that was used, the type that it was read as (Reading or Family).
    """

    result_name: str
    rows_in: int
    rows_out: int
    columns: dict[str, str]
    read_as: dict[str, str]
    result_version: str = ""  # set once it is published


def execute(spec: JobSpec, on_start: Callable[[Engine], None]) -> JobResult:
    """Compute and write the result, visible under its name only when it is whole. Raises a ComputeError."""
    write_back(spec.input_path)
    result = _compute_safely(spec, operation_of(spec.operation, spec.parameters), on_start)
    if version_of(spec.input_path) != spec.input_version:
        raise FileChanged("The file changed while it was being read. Ask again.", field="file_path")
    path = f"{spec.results}/{result.result_name}"
    publish(Path(spec.scratch) / result.result_name, path)
    return replace(result, result_version=version_of(path) or "")


def _compute_safely(spec: JobSpec, operation: Operation, on_start: Callable[[Engine], None]) -> JobResult:
    """Read in parallel where that cannot lose rows; otherwise sequentially, and have csv.reader count the rows too."""
    source = _open_source(spec)
    if source.url:
        with suppress(NotSplittable):
            return _compute(spec, operation, source, on_start)
        source = _fetch(spec)
    elif operation.reads_all and (found := _compute_in_parallel(spec, operation, source, on_start)):
        return found
    result = _compute(spec, operation, replace(source, in_order=True), on_start)
    if operation.reads_all and source.is_text:
        check_rows(source, result.rows_in)
    return result


def _compute_in_parallel(
    spec: JobSpec, operation: Operation, source: Source, on_start: Callable[[Engine], None]
) -> JobResult | None:
    with checked(source) as check:
        if source.gzipped or check.has_clear_end():
            try:
                result = _compute(spec, operation, source, on_start)
            except NotSplittable:
                pass
            except ComputeError as error:
                check.finish()  # raises the real reason, if the file is broken
                if not may_be_misread(source) or not isinstance(error, BrokenFile | NotNumeric | MixedColumn):
                    raise
            else:
                if check.finish():
                    return result
        check.finish()
    return None


def _compute(spec: JobSpec, operation: Operation, source: Source, on_start: Callable[[Engine], None]) -> JobResult:
    resources = Resources(spec.memory, spec.threads, Path(spec.scratch), spec.shared_scratch)
    with engine_class(spec.engine)(source, resources) as engine:
        on_start(engine)
        format_ = Format(spec.output_format) if spec.output_format else source.format
        name = f"{spec.result_stem}.{format_}"
        target = Target(
            Path(spec.scratch) / name, format_, _delimiter(format_, source), for_display=not operation.reads_all
        )
        lines = source.is_text and (target.format, target.delimiter) == (source.format, source.delimiter)
        written, read_as = _write_result(engine, operation, _read_options(spec), target, lines=lines)
        return JobResult(name, engine.rows_read(), written.rows, written.columns, read_as)


def _open_source(spec: JobSpec) -> Source:
    """The input: a URL, where the engine reads this format there, or a path."""
    format_ = Format(spec.input_format)
    if is_url(spec.input_path) and format_ in engine_class(spec.engine).reads_urls and not _is_packed(spec):
        return _with_null_values(spec, inspect_source(_input(spec), format_, gzipped=False, url=spec.input_path))
    return _fetch(spec)


def _fetch(spec: JobSpec) -> Source:
    """The input on this machine, under a plain name of our own: engines take `*` and `?` in a path for patterns."""
    if is_url(spec.input_path):
        fetch(spec.input_path, _input(spec))
    else:
        _input(spec).symlink_to(spec.input_path)
    return _with_null_values(spec, inspect_source(_input(spec), Format(spec.input_format), gzipped=_is_packed(spec)))


def _with_null_values(spec: JobSpec, source: Source) -> Source:
    return replace(source, null_values=_read_options(spec).null_values)


def _read_options(spec: JobSpec) -> ReadOptions:
    return ReadOptions.of(spec.parameters.get("read", {}))


def _input(spec: JobSpec) -> Path:
    return Path(spec.scratch) / "input"


def _is_packed(spec: JobSpec) -> bool:
    return spec.input_path.lower().endswith(".gz")


def _delimiter(format_: Format, source: Source) -> str:
    """CSV goes out with the delimiter that CSV came in with."""
    if format_ == Format.TSV:
        return "\t"
    return source.delimiter if source.format == Format.CSV else ","


def _write_result(
    engine: Engine, operation: Operation, read: ReadOptions, target: Target, *, lines: bool
) -> tuple[Written, dict[str, str]]:
    """Read columns as the narrowest type that fits, and write the result; return also the type that each was read as."""
    table = Table(engine.columns(), read.types)
    while True:
        scan = operation.scan(table)
        try:
            frame = engine.scan(scan, lines=lines)
            result = operation.apply(frame, table, engine.small_table)
            with fsync_in_background(target.path):
                written = engine.write(result, target)
            return written, {
                column: table.read_as(column, kinds)
                for column, kinds in scan.columns.items()
                if kinds != {CellType.RAW}
            }
        except CastError as finding:
            operation.refuse(table, finding.cell, finding.value)
        except UnsupportedByFastPath:
            pass  # the engine knows; it reads it anew
        except (OutOfRange, OverflowError):  # pandas sums in Python, to whatever comes out
            if not table.sums_fit:
                raise
            table.sums_fit = False
