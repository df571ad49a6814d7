"""Execute one job, from its file to its result, in a worker process. Free of Django.

A text is read by the engine, in parallel, where that cannot lose rows (compute/files/truncation.py), and by our own reader
otherwise (compute/reading/). Where a column holds another type than assumed, the file is read again with that type: guessing
types from a sample would be wrong.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import narwhals as nw

from compute.engines import engine_class
from compute.engines.base import Engine, Resources, Target, Written
from compute.files.errors import (
    BrokenFile,
    ComputeError,
    FileChanged,
    MixedColumn,
    NotNumeric,
    NotSplittable,
    OutOfRange,
    UnknownColumn,
    UnsupportedByFastPath,
    UnwritableValue,
)
from compute.files.formats import PACKED, Format, Source
from compute.files.locations import is_url, publish
from compute.files.truncation import checked, may_be_misread
from compute.files.twins import marked_names, own_name
from compute.files.versions import fetch, version_of, write_back
from compute.jobs.background_fsync import fsync_in_background
from compute.jobs.conversions import WRITTEN_BY_ENGINES, convert
from compute.jobs.orders import JobResult, JobSpec
from compute.jobs.own_names import restore_names
from compute.jobs.profiling import Compute, profile
from compute.operations import operation_of
from compute.operations.base import Operation
from compute.operations.cell_types import CastError, CellType, Reading, Table
from compute.operations.marking import with_marks
from compute.operations.preview import Preview
from compute.operations.profile import Profile
from compute.operations.where import Condition, Where
from compute.reading.options import ReadOptions
from compute.reading.preparation import Preparation, Prepared
from compute.reading.prepare import prepared, prepared_url


def execute(spec: JobSpec, on_start: Callable[[Engine], None]) -> JobResult:
    """Compute and write the result, visible under its name only when it is whole. Raises a ComputeError."""
    write_back(spec.input_path)
    result = _with_own_names(spec, _compute_safely(spec, operation_of(spec.operation, spec.parameters), on_start))
    if version_of(spec.input_path) != spec.input_version:
        raise FileChanged("The file changed while it was being read. Ask again.", field="file_path")
    path = f"{spec.results}/{result.result_name}"
    publish(Path(spec.scratch) / result.result_name, path)
    return replace(result, result_version=version_of(path) or "")


def _with_own_names(spec: JobSpec, result: JobResult) -> JobResult:
    """Give the result's columns the names that they have in the file: those that differ only in case were marked."""
    restore_names(Path(spec.scratch) / result.result_name, list(result.columns))
    return replace(
        result,
        columns={own_name(name): type_ for name, type_ in result.columns.items()},
        read_as={own_name(name): word for name, word in result.read_as.items()},
    )


def _compute_safely(spec: JobSpec, operation: Operation, on_start: Callable[[Engine], None]) -> JobResult:
    """Let the engine read the file as it is where that is sure to lose nothing; otherwise what our own reader made of it."""
    if found := _prepared_url(spec):
        with suppress(NotSplittable, BrokenFile):
            return _compute(spec, operation, found, on_start)
    work = replace(_preparation(spec, operation), thoroughly=found is not None)
    found = prepared(work)
    try:
        return _compute_checked(spec, operation, found, on_start)
    except NotSplittable:
        pass
    except (BrokenFile, NotNumeric, MixedColumn, UnknownColumn) as error:
        if not _may_be_misread(found.source, error):
            raise
    return _compute_checked(spec, operation, prepared(replace(work, thoroughly=True)), on_start)


def _may_be_misread(source: Source, error: ComputeError) -> bool:
    """Return whether our own reader may see what is otherwise, or say better what is wrong."""
    if isinstance(error, BrokenFile):
        return source.format != Format.PARQUET
    if isinstance(error, UnknownColumn):
        return source.is_text and len(source.columns) == 1  # a line of words before the header looks like that
    return may_be_misread(source)


def _compute_checked(
    spec: JobSpec, operation: Operation, found: Prepared, on_start: Callable[[Engine], None]
) -> JobResult:
    """Return the result; raise BrokenFile or NotSplittable where the file is not as it seemed."""
    with checked(found.source) as check:
        if not check.has_clear_end():
            raise NotSplittable
        try:
            result = _compute(spec, operation, found, on_start)
        except ComputeError:
            check.finish()  # raises the real reason, if the file is broken
            raise
        if operation.reads_all and not check.finish():
            raise NotSplittable
        return result


def _compute(spec: JobSpec, operation: Operation, found: Prepared, on_start: Callable[[Engine], None]) -> JobResult:
    """Compute on all rows, or on a file of those that `where` names: an operation looks at no others."""
    conditions = [Condition.of(each) for each in spec.parameters.get("where", [])]
    compute = partial(_compute_all, on_start=on_start)
    if isinstance(operation, Profile):
        copied, rows_in = _copy(spec, replace(operation, conditions=conditions), found, compute)
        marked = with_marks(operation, marked_names(copied.source.columns))
        return replace(profile(spec, marked, copied, compute), rows_in=rows_in)
    if conditions and not isinstance(operation, Preview):  # which stops at the rows that it needs
        copied, rows_in = _copy(spec, Where(conditions), found, compute)
        return replace(compute(spec, operation, copied), rows_in=rows_in)
    return compute(spec, operation, found)


def _copy(spec: JobSpec, first: Operation, found: Prepared, compute: Compute) -> tuple[Prepared, int]:
    """Write whole rows into a file of the job's own; return it, and how many rows were read."""
    kept = Format.JSONL if found.source.is_json else Format.PARQUET
    copy = compute(replace(spec, output_format=kept, result_stem="copy"), first, found)
    path, columns = Path(spec.scratch) / copy.result_name, tuple(copy.columns)
    source = replace(found.source, path=path, format=kept, columns=columns, by_lines=True, url="")
    if is_url(spec.shared_scratch) and kept in engine_class(spec.engine).reads_urls:
        source = replace(source, url=f"{spec.shared_scratch}/{copy.result_name}")  # a cluster reads no file from here
        publish(path, source.url)
    return replace(found, source=source), copy.rows_in


def _compute_all(spec: JobSpec, operation: Operation, found: Prepared, on_start: Callable[[Engine], None]) -> JobResult:
    if isinstance(operation, Preview) and _is_written_by_us(spec, operation, found):
        return _written_by_us(spec, found, operation.offset)
    resources = Resources(spec.memory, spec.threads, Path(spec.scratch), spec.shared_scratch)
    source = found.source
    with engine_class(spec.engine)(source, resources) as engine:
        on_start(engine)
        format_ = Format(spec.output_format) if spec.output_format else _output_of(source.original)
        name = f"{spec.result_stem}.{format_}"
        target = _target(Path(spec.scratch) / name, format_, source, for_display=not operation.reads_all)
        lines = source.is_text and (target.format, target.delimiter) == (source.format, source.delimiter)
        try:
            written, read_as = _write_result(engine, operation, _read_options(spec), target, lines=lines)
        except UnwritableValue as error:
            raise error.in_format(format_) from error
        if target.format != format_:
            convert(target.path, Path(spec.scratch) / name, format_, written.columns)
        return JobResult(name, engine.rows_read(), written.rows, written.columns, read_as, found.told)


def _is_written_by_us(spec: JobSpec, operation: Preview, found: Prepared) -> bool:
    return bool(operation.most_rows) and found.is_our_table and spec.output_format == Format.JSON


def _written_by_us(spec: JobSpec, found: Prepared, skipped: int) -> JobResult:
    """A preview of text, which no engine needs to look at: DuckDB would need 100 kB of memory for each column."""
    from compute.reading.text_table import copy_as_json  # noqa: PLC0415 - Arrow must not be there before a child is prepared

    name = f"{spec.result_stem}.{Format.JSON}"
    columns, rows = copy_as_json(found.source.path, Path(spec.scratch) / name, skipped)
    return JobResult(name, rows, rows, dict.fromkeys(columns, str(nw.String())), {}, found.told)


def _prepared_url(spec: JobSpec) -> Prepared | None:
    """The input where it is, if the engine reads it there."""
    if not is_url(spec.input_path) or not spec.input_format or spec.input_path.lower().endswith(PACKED):
        return None
    format_ = Format(spec.input_format)
    if format_ not in engine_class(spec.engine).reads_urls:
        return None
    return prepared_url(spec.input_path, format_, _read_options(spec))


def _preparation(spec: JobSpec, operation: Operation) -> Preparation:
    """The input on this machine, under a plain name of our own: engines take `*` and `?` in a path for patterns."""
    path = Path(spec.scratch) / "input"
    if is_url(spec.input_path):
        fetch(spec.input_path, path, spec.input_version)
    else:
        path.symlink_to(spec.input_path)
    format_ = Format(spec.input_format) if spec.input_format else None
    return Preparation(path, format_, _read_options(spec), Path(spec.scratch), most_rows=operation.most_rows)


def _read_options(spec: JobSpec) -> ReadOptions:
    return ReadOptions.of(spec.parameters.get("read", {}))


def _output_of(original: Format) -> Format:
    """The format of a result of which nobody said another: the input's, CSV for a workbook, whose values are text by then."""
    return Format.CSV if original.is_workbook else original


def _target(path: Path, format_: Format, source: Source, *, for_display: bool) -> Target:
    """What the engine is to write: the result, or what it is made of."""
    written = WRITTEN_BY_ENGINES.get(format_, format_)
    place = path if written == format_ else path.with_name(f"{path.name}.{written}")
    return Target(place, written, _delimiter(format_, source), for_display=for_display)


def _delimiter(format_: Format, source: Source) -> str:
    """CSV goes out with the delimiter that CSV came in with."""
    if format_ == Format.TSV:
        return "\t"
    return source.delimiter if source.original == Format.CSV else ","


def _write_result(
    engine: Engine, operation: Operation, read: ReadOptions, target: Target, *, lines: bool
) -> tuple[Written, dict[str, str]]:
    """Read columns as the narrowest type that fits, and write the result; return also the type that each was read as."""
    families = engine.columns()
    marks = marked_names(families)
    operation = with_marks(operation, marks)
    types = {marks.get(column, column): Reading(type_) for column, type_ in read.types.items()}
    table = Table(families, types, notation=read.notation)
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
            if not table.widen_sums():
                raise
