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
        "The column %(column)s holds %(value)s, which a double cannot hold exactly. Columns of"
        " several types are returned together as doubles: ask for this column alone."
    ),
    gettext_noop("The column %(column)s holds %(value)s, which %(format)s cannot hold; ask for another output_format."),
    gettext_noop("The column %(column)s cannot be compared this way: %(why)s."),
    gettext_noop("The result would have two columns %(column)s; rename one in the file."),
    gettext_noop("The store of the files does not answer; try again later."),
    gettext_noop("Spark does not answer; try again later."),
    gettext_noop(
        "No space is left on the disk that jobs write to (COMPUTE_ROOT, or the scratch folder if that"
        " is an object store). Free some space, then try again."
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
    gettext_noop("The result, or the rows set aside, are larger than a job may write."),
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
    gettext_noop("The file is compressed twice. Decompress it once."),
    gettext_noop("The workbook has no sheet %(name)s. %(known)s"),
    gettext_noop("The workbook has no sheet."),
    gettext_noop("The file holds a NUL character, at byte %(place)s; it is not text. Remove it."),
    gettext_noop("The file has no array of records at %(asked)s. %(known)s"),
    gettext_noop("The decimal point and the thousands separator must differ."),
    gettext_noop("Delimiter, quote and comment must be three different characters."),
    gettext_noop("%(encoding)s is not an encoding of text; cp1252 is one."),
    gettext_noop("The ZIP archive is encrypted. Compress it without a password."),
    gettext_noop("The ZIP archive holds %(what)s. Compress a single file, or send the files uncompressed."),
    gettext_noop("%(name)s has a NUL in its path."),
    gettext_noop("%(path)s is not below one of the folders in IMPORT_ROOTS."),
    gettext_noop("%(path)s is not a regular file."),
    gettext_noop("%(name)s is empty."),
    gettext_noop("%(name)s lacks the column %(columns)s; its header is: %(header)s"),
    gettext_noop("%(name)s lacks the columns %(columns)s; its header is: %(header)s"),
    gettext_noop("%(name)s has more than one column %(column)s."),
    gettext_noop("There is no file %(path)s."),
    gettext_noop("%(path)s cannot be opened: %(why)s."),
    gettext_noop("%(name)s: a line is longer than %(most)s characters."),
    gettext_noop("%(name)s: the header cannot be read: %(why)s."),
    gettext_noop(
        'The file cannot be read: line %(line)s: %(why)s. To leave such rows out, send "read": {"on_bad_rows": "skip"}.'
    ),
    gettext_noop(
        'The file cannot be read: line %(line)s: %(why)s. To leave such rows out, send "read":'
        ' {"on_bad_rows": "skip"}. If the table begins with this line, send "read": {"skip_rows": %(skipped)s}.'
    ),
    gettext_noop("The file is not in the encoding %(encoding)s: byte %(place)s is %(byte)s."),
    gettext_noop("%(what)s Name another as read.encoding."),
    gettext_noop("There is: %(names)s."),
    gettext_noop("There is none."),
    gettext_noop("The file cannot be read: a string is longer than %(most)s bytes."),
    gettext_noop("%(mark)s is not one character that can stand in a line."),
    gettext_noop("The sheet %(name)s is empty: it has no columns."),
    gettext_noop("The workbook needs more than %(most)s MB of memory to read. Save its sheets as CSV."),
    gettext_noop("The workbook takes more than %(most)s seconds to read. Save its sheets as CSV."),
    gettext_noop("the sheet %(name)s"),
    gettext_noop("The file is %(format)s, not CSV or a workbook."),
    gettext_noop("%(what)s Save it as UTF-8."),
    gettext_noop("More than %(most)s bytes are compressed in the file; split it."),
    gettext_noop(
        "The file cannot be read: it is not a whole workbook. Open it in a spreadsheet program and save it again."
    ),
    gettext_noop("The workbook is encrypted. Save it without a password."),
    gettext_noop(
        "The file cannot be read: line %(line)s: the entity %(name)s is declared or used, which is not taken;"
        " write the text itself in its place."
    ),
    gettext_noop("The file cannot be read: line %(line)s: a record has more than %(most)s levels."),
    gettext_noop("A record has more than %(most)s characters."),
    gettext_noop("The file cannot be read: it holds %(text)s, which is no JSON."),
    gettext_noop("The file cannot be read: line %(line)s: %(why)s."),
    gettext_noop("The file is not UTF-8: byte %(place)s is %(byte)s."),
    gettext_noop(
        "The file is not UTF-8: byte %(place)s is %(byte)s. Save it as UTF-8, or convert it from the encoding"
        " that it was saved in, such as Windows-1252."
    ),
    gettext_noop("The file cannot be read: an object %(path)s has a key twice."),
    gettext_noop("The objects of the records have more than %(most)s different keys."),
    gettext_noop("Two columns would have the name %(name)s; rename one in the file."),
    gettext_noop("The file was replaced while it was being read. Ask again."),
    gettext_noop("The file changed while it was being read. Ask again."),
    gettext_noop("The file is gone since it was asked for."),
    gettext_noop("%(path)s is not yours. Only its owner, or the scope admin, may change it."),
    gettext_noop("%(path)s is there already, and is not yours. Choose another name."),
    gettext_noop("%(path)s is being written by somebody else. Try again."),
    gettext_noop("The file cannot be read: its footer says %(said)s rows, its row groups hold %(rows)s."),
    gettext_noop(
        "The column %(column)s holds decimals of more than %(most)s digits, which no engine keeps; write it"
        " with fewer digits or as text."
    ),
    gettext_noop("The file is not well-formed XML: line %(line)s, column %(column)s: %(why)s."),
    gettext_noop("The file cannot be decompressed: %(why)s."),
    gettext_noop("A file may have at most %(most)s bytes (COMPUTE_MAX_UPLOAD)."),
    gettext_noop("the disk of %(place)s"),
    gettext_noop("Only %(arrived)s of %(announced)s bytes arrived."),
    gettext_noop('The file is text, not %(format)s. If it is %(found)s, send "input_format": "%(name)s".'),
    gettext_noop('The file is %(what)s. Send "input_format": "%(name)s", or give it a name that ends with .%(name)s.'),
    gettext_noop("The file is an encrypted Parquet file. Write it without encryption."),
    gettext_noop("The file cannot be read: it is not a whole %(what)s."),
    gettext_noop("There is no file %(path)s; GET /api/compute/files lists those there are."),
    gettext_noop("%(path)s is there already. Choose another name, or set overwrite to true."),
    gettext_noop("The path holds a NUL character."),
    gettext_noop("Give a path below COMPUTE_ROOT, such as sales.csv, without .. in it."),
    gettext_noop("A name must be of printable characters, at most 200 bytes in each part."),
    gettext_noop("A path may have at most %(most)s bytes."),
    gettext_noop("Give the file a name that does not begin with a dot."),
    gettext_noop("%(folder)s/ belongs to the jobs; choose another folder."),
    gettext_noop("In an object store no name may have a backslash or ?versionid= in it, or a part that ends in a dot."),
    gettext_noop("%(path)s is not a file."),
    gettext_noop("%(path)s is a folder."),
    gettext_noop("%(path)s is a file, so nothing can be put into it."),
    gettext_noop("The path leads out of COMPUTE_ROOT."),
    gettext_noop("%(path)s was replaced just now. Ask again."),
    gettext_noop("Other uploads are being completed; try again."),
    gettext_noop("The file cannot be read: its list does not end with ]."),
    gettext_noop("The file cannot be read: a line is longer than %(most)s bytes."),
    gettext_noop(
        "The file is not in the encoding that its XML declaration names, %(encoding)s: byte %(place)s is"
        " %(byte)s. Correct the declaration, or save the file as UTF-8."
    ),
    gettext_noop(
        "The XML declaration names the encoding %(encoding)s, which is not known. Save the file as UTF-8,"
        ' with encoding="UTF-8" in the declaration.'
    ),
    gettext_noop(
        "The XML declaration names the encoding %(encoding)s, but the file is not in it. Correct the"
        " declaration; UTF-8 needs none."
    ),
    gettext_noop("%(what)s Or name that encoding in the XML declaration."),
    gettext_noop("The file begins in %(encoding)s, but byte %(place)s is %(byte)s. Save it as UTF-8."),
    gettext_noop("XML cannot hold the character U+%(code)s; ask for another output_format."),
    gettext_noop("The file cannot be read: it is damaged at line %(line)s."),
    gettext_noop("The file cannot be read: it is damaged at record %(record)s."),
    gettext_noop("The file cannot be read: it is damaged."),
    gettext_noop("The file cannot be read: %(text)s is not a record."),
    gettext_noop("The file cannot be read: a map in the column %(column)s has a key twice."),
    gettext_noop(
        "Spark's executors find no such file: it is gone since it was asked for, or they do not reach COMPUTE_ROOT."
    ),
    gettext_noop("The system did not let the job read or write: %(why)s."),
    gettext_noop(
        "The result has more than the %(rows)s rows of a worksheet, or than its %(columns)s columns; ask for"
        " another output_format."
    ),
    gettext_noop("The worker that ran it, %(runner)s, was killed or cut off."),
    gettext_noop("%(reason)s That was attempt %(attempt)s; it is not tried again."),
    gettext_noop("The process that computed it ended in the middle (exit status %(status)s)."),
    gettext_noop("The computation failed; the log has the details under this job."),
    gettext_noop("%(number)s jobs are waiting already. Try again in a while."),
    gettext_noop("The job has ended already: it is %(status)s."),
    gettext_noop("Cancelled on request."),
    gettext_noop("Give a value to compare with."),
    gettext_noop("Give a text of at most %(most)s characters, a number, true or false."),
    gettext_noop("Give 1 to %(most)s texts, or as many numbers."),
    gettext_noop("Give the text that a cell must have in it."),
    gettext_noop("Give true, or false for the cells that have a value."),
    gettext_noop("Name at least one column, or say with where, sort or limit which rows you want."),
    gettext_noop("Name at least one column, or say in aggregations what to compute of the whole file."),
    gettext_noop("Name each column once."),
    gettext_noop("At most %(most)s columns."),
    gettext_noop("Write a JSON object: %(error)s."),
    gettext_noop("Write a JSON object."),
    gettext_noop("Say how long the file is: Content-Length."),
    gettext_noop("Job %(number)s is not yours. Only who asked for it, or the scope admin, may cancel it."),
)

# What stands in them in the place of a value; config/core/csv_errors.py has some of a CSV.
REASONS = (
    gettext_noop("%(cells)s cells, the header has %(columns)s"),
    gettext_noop("the row is longer than %(most)s bytes"),
    gettext_noop("it ends in the middle of a record"),
    gettext_noop("the record has the key %(key)s twice"),
    gettext_noop("%(text)s is not a record"),
    gettext_noop("%(text)s is not expected there"),
    gettext_noop("%(text)s is no JSON"),
    gettext_noop("%(text)s has half of a surrogate pair, which is no character"),
    gettext_noop("%(number)s files: %(names)s"),
    gettext_noop("no file"),
    gettext_noop("its values are of type %(type)s."),
    gettext_noop("the request says in read.types that it is text."),
    gettext_noop("it holds %(value)s. Only finite numbers are computed on."),
    gettext_noop("it holds %(value)s. %(mend)s"),
    gettext_noop('If %(value)s is a number, send "read": %(read)s. %(mend)s'),
    gettext_noop('If %(value)s is a number, send "read": %(read)s or "read": %(other)s. %(mend)s'),
    gettext_noop("its values are lists or structs"),
    gettext_noop("only a column of booleans is compared with true or false"),
    gettext_noop("it holds numbers, so less and greater need a number as value"),
    gettext_noop("%(value)s has more digits than are compared as a number"),
    gettext_noop("%(value)s has more digits than are compared as a number; send it as a text"),
    gettext_noop("a Parquet file"),
    gettext_noop("an Arrow file"),
    gettext_noop("an Excel workbook"),
    gettext_noop("an old Excel workbook"),
    gettext_noop("an OpenDocument spreadsheet"),
    gettext_noop("Parquet file"),
    gettext_noop("Arrow file"),
    gettext_noop("Excel workbook"),
    gettext_noop("old Excel workbook"),
    gettext_noop("OpenDocument spreadsheet"),
    gettext_noop("it is cut off; upload it again"),
    gettext_noop("it is not gzip all through; compress it again"),
    gettext_noop("its checksum (CRC) or length is wrong; compress it again"),
    gettext_noop("it is damaged, or its compression is not supported; compress it again with %(program)s"),
    gettext_noop("it does not keep to the rules of XML; look at it with xmllint"),
    gettext_noop("there is something before the root element; remove it"),
    gettext_noop("the file ends before its root element does; it may be cut off"),
    gettext_noop("a character is not allowed here; write < as &lt; and & as &amp;"),
    gettext_noop("the file ends inside a tag, a comment or a reference; it may be cut off"),
    gettext_noop("the file ends inside a character; it may be cut off"),
    gettext_noop("a CDATA section has no end; write ]]> behind it"),
    gettext_noop("an end tag does not match its start tag; close elements in the reverse order"),
    gettext_noop("an attribute is there twice; remove one"),
    gettext_noop("there is something behind the root element; put all records into one root"),
    gettext_noop("an entity is not defined; XML knows &lt; &gt; &amp; &apos; &quot; only"),
    gettext_noop("a reference names a character that XML does not allow; remove it"),
    gettext_noop("the XML declaration is not the first thing in the file; remove what is before it"),
    gettext_noop('the XML declaration is not valid; write <?xml version="1.0" encoding="UTF-8"?>'),
    gettext_noop("unexpected end of data inside a quoted cell; close the quote"),
    gettext_noop("there is text behind a closing quote; write a quote inside a quoted cell twice"),
    gettext_noop("a quoted cell does not end within %(lines)s lines; close the quote"),
    gettext_noop("a cell is longer than %(limit)s bytes"),
    gettext_noop("it holds a NUL character (U+0000); remove it"),
    gettext_noop("its line ends are mixed; use one kind"),
    gettext_noop("its quotes or delimiters are not as RFC 4180 has them"),
    gettext_noop("a text of more than 32,767 characters"),
    gettext_noop("the character U+0000"),
    gettext_noop("a date beyond the years 1 to 9999"),
    gettext_noop("there is more behind the list's ]"),
)
