"""The sentences of errors that are found while computing, as texts to translate.

Worker processes raise them without Django (compute/files/errors.py), in English; `translated` tells them in the reader's
language.
"""

from django.utils.translation import gettext_noop

SENTENCES = (
    gettext_noop("There is no column %(column)s. The file has: %(columns)s."),
    gettext_noop("The result cannot be sorted by %(column)s, but by: %(columns)s."),
    gettext_noop("The column %(column)s is not numeric: %(why)s"),
    gettext_noop(
        "The column %(column)s holds numbers, such as %(number)s, and text, such as %(word)s."
        ' To compare all as text, send "read": %(read)s. %(mend)s'
    ),
    gettext_noop("The column %(column)s holds lists, structs or maps, which have no least or greatest."),
    gettext_noop(
        "The column %(column)s has a type in the file, %(family)s; read.types is for columns of text or JSON."
    ),
    gettext_noop(
        "The column %(column)s holds %(value)s, which is not exact as a double,"
        " as which the columns are told together; ask for this column by itself."
    ),
    gettext_noop("The column %(column)s holds %(value)s, which %(format)s cannot hold; ask for another output_format."),
    gettext_noop("The column %(column)s cannot be compared so: %(why)s."),
    gettext_noop("The result would have two columns %(column)s; rename one in the file."),
    gettext_noop("The store of the files does not answer; try again later."),
    gettext_noop("Spark does not answer; try again later."),
    gettext_noop(
        "No room is left on the disk that jobs write to (COMPUTE_ROOT, or scratch where that is a store)."
        " Make room there, then ask again."
    ),
    gettext_noop('If %(value)s stands for a missing value, send "read": %(read)s.'),
    gettext_noop("If %(value)s is a number, send %(asked)s. %(mend)s"),
    gettext_noop("it holds %(value)s. Only finite numbers are computed on."),
    gettext_noop("it holds %(value)s. %(mend)s"),
    gettext_noop("%(cells)s cells, the header has %(width)s. %(mend)s"),
    gettext_noop('To leave such rows out, send "read": {"on_bad_rows": "skip"}.'),
    gettext_noop(
        'To leave such rows out, send "read": {"on_bad_rows": "skip"}.'
        ' If the table begins with this line, send "read": %(read)s.'
    ),
    gettext_noop("Cancelled on request."),
    gettext_noop("The job took longer than %(seconds)s s (COMPUTE_TIMEOUT_SECONDS)."),
    gettext_noop("The job needs more memory than it may have."),
    gettext_noop("The job needs more memory than it may have; ask for fewer columns or groups."),
    gettext_noop("The job needs more memory or disk than it may have."),
    gettext_noop("The result or what is kept aside is larger than a job may write."),
    gettext_noop("The file is empty: it has no columns."),
    gettext_noop("The file has no records, so it has no columns."),
    gettext_noop("The header cannot be read: %(why)s."),
    gettext_noop("Column %(number)s has no name."),
    gettext_noop("The name of column %(number)s, %(name)s, is not text; rename it."),
    gettext_noop("Two columns have the name %(name)s; rename one."),
    gettext_noop("The file cannot be read: it is damaged inside."),
    gettext_noop("The file cannot be read: it is not a whole Parquet file."),
    gettext_noop("The file cannot be read: it is not a whole Arrow file, or has types that Parquet lacks."),
    gettext_noop("The file cannot be read: line %(line)s: %(why)s"),
    gettext_noop("The file cannot be read: %(why)s"),
    gettext_noop("The file is packed twice. Unpack it once."),
    gettext_noop("The workbook has no sheet %(name)s. %(known)s"),
    gettext_noop("The workbook has no sheet."),
    gettext_noop("The file holds a NUL character, at byte %(place)s; it is not text. Remove it."),
    gettext_noop("The file has no array of records at %(asked)s. %(known)s"),
    gettext_noop("The decimal point and the thousands separator must differ."),
    gettext_noop("Delimiter, quote and comment must be three different characters."),
    gettext_noop("%(encoding)s is not an encoding of text; cp1252 is one."),
    gettext_noop("The ZIP archive is encrypted. Pack it without a password."),
    gettext_noop("The ZIP archive holds %(what)s. Pack one file alone, or send the files without packing them."),
)
