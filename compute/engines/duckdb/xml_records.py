"""Convert the records of an XML file to JSON lines in the job's folder, in one pass, for engines that read no XML."""

import json
from pathlib import Path

from compute.files.errors import BrokenFile
from compute.files.formats import Format, Source, check_names, open_bytes
from compute.files.xml_file import read_records


def records_as_json_lines(source: Source, scratch: Path) -> Source:
    """Write the records of an XML file to `scratch` and return that file as a source, its columns known."""
    path, columns = scratch / "records.jsonl", dict[str, None]()
    with open_bytes(source) as xml, path.open("w", encoding="utf-8") as lines:
        for record in read_records(xml):
            columns.update(dict.fromkeys(record))
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")
    if not columns:
        raise BrokenFile("The file has no records, so it has no columns.")
    names = check_names(list(columns))
    return Source(path, Format.JSONL, columns=names, null_values=source.null_values, holds_text=True)
