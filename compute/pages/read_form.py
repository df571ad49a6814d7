"""The form that says how a file is read: what is left blank is detected."""

from collections.abc import Mapping
from typing import Any

from django import forms

from compute.api.read_serializers import ReadInput
from compute.reading.options import OnBadRows

DETECTED = ("", "as detected")
THOUSANDS = {
    ",": "comma",
    ".": "point",
    " ": "space",
    "\u00a0": "no-break space",
    "\u202f": "narrow space",
    "'": "apostrophe",
}


class ReadForm(forms.Form):
    """The members of `read` that a person sets, checked by the serializer that checks the API's requests."""

    encoding = forms.CharField(required=False, max_length=40, help_text="such as cp1252")
    delimiter = forms.ChoiceField(
        required=False,
        choices=[DETECTED, (",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "pipe")],
        label="Between cells",
    )
    header = forms.ChoiceField(
        required=False, choices=[("", "has the names"), ("false", "is data")], label="The first row"
    )
    skip_rows = forms.IntegerField(required=False, min_value=0, max_value=100_000, label="Lines before it")
    decimal = forms.ChoiceField(required=False, choices=[("", "point"), (",", "comma")], label="Decimal mark")
    thousands = forms.ChoiceField(
        required=False, choices=[("", "nothing"), *THOUSANDS.items()], label="Between thousands"
    )
    null_values = forms.CharField(
        required=False, max_length=1000, label="Missing values", help_text="texts, with a comma between them"
    )
    on_bad_rows = forms.ChoiceField(
        required=False,
        choices=[("", "refuse the file"), (OnBadRows.SKIP, "leave them out"), (OnBadRows.PAD, "fill them up")],
        label="Bad rows",
    )
    record = forms.CharField(required=False, max_length=1000, label="Records", help_text="path in JSON or XML")
    sheet = forms.CharField(required=False, max_length=100, help_text="of a workbook")

    def clean(self) -> dict[str, Any]:
        """Check what is set as the API would."""
        cleaned = super().clean() or self.cleaned_data
        serializer = ReadInput(data=_as_json(cleaned))
        if not serializer.is_valid():
            for name, errors in serializer.errors.items():
                self.add_error(name if name in self.fields else None, [str(error) for error in errors])
        return cleaned

    @property
    def read(self) -> dict[str, Any]:
        """Return the object `read` that a valid form stands for; nothing where it is not valid."""
        return _as_json(self.cleaned_data) if self.is_valid() else {}


def _as_json(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in cleaned.items() if value not in ("", None)}
    if "header" in given:
        given["header"] = False
    if "null_values" in given:
        given["null_values"] = [text.strip() for text in given["null_values"].split(",")]
    return given
