"""The form that says how a file is read: what is left blank is detected."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute.api.read_serializers import ReadInput
from compute.operations.cell_types import Reading
from compute.reading.options import OnBadRows
from config.core.kept_texts import translated

DETECTED = ("", gettext_lazy("as detected"))
THOUSANDS = {
    ",": gettext_lazy("comma"),
    ".": gettext_lazy("point"),
    " ": gettext_lazy("space"),
    "\u00a0": gettext_lazy("no-break space"),
    "\u202f": gettext_lazy("narrow space"),
    "'": gettext_lazy("apostrophe"),
}
TYPES = {Reading.TEXT.value: gettext_lazy("text"), Reading.NUMBER.value: gettext_lazy("numbers")}


class TypesField(forms.Field):
    """Types of columns as an address has them, text:code and number:price; each column once."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> dict[str, str]:
        pairs = [text.partition(":") for text in value or []]
        for type_, _colon, column in pairs:
            if type_ not in TYPES or not column:
                raise ValidationError(_("A column is read as text or as numbers, not as %(type)s.") % {"type": type_})
        return {column: type_ for type_, _colon, column in pairs}


class ReadForm(forms.Form):
    """The members of `read` that a person sets, checked by the serializer that checks the API's requests."""

    encoding = forms.CharField(
        required=False, max_length=40, label=gettext_lazy("Encoding"), help_text=gettext_lazy("such as cp1252")
    )
    delimiter = forms.ChoiceField(
        required=False,
        choices=[
            DETECTED,
            (",", gettext_lazy("comma")),
            (";", gettext_lazy("semicolon")),
            ("\t", gettext_lazy("tab")),
            ("|", gettext_lazy("pipe")),
        ],
        label=gettext_lazy("Delimiter"),
    )
    header = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("is the header")), ("false", gettext_lazy("is data"))],
        label=gettext_lazy("First row"),
    )
    skip_rows = forms.IntegerField(
        required=False, min_value=0, max_value=100_000, label=gettext_lazy("Lines to skip before it")
    )
    decimal = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("point")), (",", gettext_lazy("comma"))],
        label=gettext_lazy("Decimal mark"),
    )
    thousands = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("nothing")), *THOUSANDS.items()],
        label=gettext_lazy("Thousands separator"),
    )
    null_values = forms.CharField(
        required=False,
        max_length=1000,
        label=gettext_lazy("Missing values"),
        help_text=gettext_lazy("separated by commas"),
    )
    on_bad_rows = forms.ChoiceField(
        required=False,
        choices=[
            ("", gettext_lazy("reject the file")),
            (OnBadRows.SKIP, gettext_lazy("skip them")),
            (OnBadRows.PAD, gettext_lazy("pad them with missing values")),
        ],
        label=gettext_lazy("Bad rows"),
    )
    record = forms.CharField(
        required=False, max_length=1000, label=gettext_lazy("Records"), help_text=gettext_lazy("path in JSON or XML")
    )
    sheet = forms.CharField(
        required=False, max_length=100, label=gettext_lazy("Sheet"), help_text=gettext_lazy("of a workbook")
    )
    types = TypesField(required=False)

    def clean(self) -> dict[str, Any]:
        """Check what is set as the API would."""
        cleaned = super().clean() or self.cleaned_data
        serializer = ReadInput(data=_as_json(cleaned))
        if not serializer.is_valid():
            for name, errors in serializer.errors.items():
                self.add_error(name if name in self.fields else None, [translated(str(error)) for error in errors])
        return cleaned

    @property
    def read(self) -> dict[str, Any]:
        """Return the object `read` that a valid form stands for; nothing where it is not valid."""
        return _as_json(self.cleaned_data) if self.is_valid() else {}


def _as_json(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in cleaned.items() if value not in ("", None, {})}
    if "header" in given:
        given["header"] = False
    if "null_values" in given:
        given["null_values"] = [text.strip() for text in given["null_values"].split(",")]
    return given
