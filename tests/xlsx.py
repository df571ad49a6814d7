"""Reading an XLSX file as a spreadsheet does, as far as the tests need it."""

from typing import IO
from xml.etree import ElementTree
from zipfile import ZipFile

NAMESPACE = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def cells(file: IO[bytes]) -> list[list[tuple[str, str]]]:
    """Return each row's cells that are not empty: their type ("inlineStr", "b", "n") and what they say."""
    sheet = ElementTree.fromstring(ZipFile(file).read("xl/worksheets/sheet1.xml"))
    return [[_cell(cell) for cell in row] for row in sheet.iterfind(".//x:row", NAMESPACE)]


def _cell(cell: ElementTree.Element) -> tuple[str, str]:
    return cell.get("t", "n"), "".join(cell.itertext())
