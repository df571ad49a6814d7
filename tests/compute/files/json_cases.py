# ruff: noqa: E501
"""JSON texts after nst/JSONTestSuite: what must be accepted, what must be refused, and what is open."""

MUST_BE_ACCEPTED: list[bytes] = [
    # lists
    b"[[]   ]", b'[""]', b"[]", b'["a"]', b"[false]", b'[null, 1, "1", {}]', b"[null]", b"[1\n]", b" [1]",
    b"[1,null,null,null,2]", b"[2] ",
    # numbers
    b"[123e65]", b"[0e+1]", b"[0e1]", b"[ 4]", b"[-0." + b"0" * 77 + b"1]", b"[20e1]", b"[-0]", b"[-123]", b"[-1]", b"[1E22]",
    b"[1E-2]", b"[1E+2]", b"[123e45]", b"[123.456e78]", b"[1e-2]", b"[1e+2]", b"[123]", b"[123.456789]", b"[-0.0]", b"[0.0]",
    # objects; a key twice is copied where it is nested, and is no record
    b'{"asd":"sdf", "dfg":"fgh"}', b'{"asd":"sdf"}', b"{}", b'{"":0}', rb'{"foo\u0000bar": 42}',
    b'{ "min": -1.0e+28, "max": 1.0e+28 }', b'{"x":[{"id": "' + b"x" * 40 + b'"}], "id": "' + b"x" * 40 + b'"}', b'{"a":[]}',
    rb'{"title":"\u041f\u043e\u043b\u0442\u043e\u0440\u0430 \u0417\u0435\u043c\u043b\u0435\u043a\u043e\u043f\u0430" }',
    b'{\n"a": "b"\n}',
    # strings
    rb'["\u0060\u012a\u12AB"]', rb'["\uD801\udc37"]', rb'["\ud83d\ude39\ud83d\udc8d"]', rb'["\"\\\/\b\f\n\r\t"]', rb'["\\u0000"]',
    rb'["\""]', b'["a/*b*/c/*d//e"]', rb'["\\a"]', rb'["\\n"]', rb'["\u0012"]', rb'["\uFFFF"]', b'["asd"]', b'[ "asd"]',
    rb'["\uDBFF\uDFFF"]', rb'["new\u00A0line"]', '["\U0010ffff"]'.encode(), '["\uffff"]'.encode(), rb'["\u0000"]', rb'["\u002c"]',
    '["\u03c0"]'.encode(), '["\U0001bfff"]'.encode(), b'["asd "]', b'" "', rb'["\uD834\uDd1e"]', rb'["\u0821"]', rb'["\u0123"]',
    '["\u2028"]'.encode(), '["\u2029"]'.encode(), rb'["\u0061\u30af\u30EA\u30b9"]', rb'["new\u000Aline"]', b'["\x7f"]',
    rb'["\uA66D"]', rb'["\u005C"]', '["\u2342\u3234\u2342"]'.encode(), rb'["\uDBFF\uDFFE"]', rb'["\uD83F\uDFFE"]', rb'["\u200B"]',
    rb'["\u2064"]', rb'["\uFDD0"]', rb'["\uFFFE"]', rb'["\u0022"]', '["\u20ac\U0001d11e"]'.encode(), b'["a\x7fa"]',
    # what stands alone
    b"false", b"42", b"-0.1", b"null", b'"asd"', b"true", b'""', b'["a"]\n', b"[true]", b" [] ",
]  # fmt: skip

MUST_BE_REFUSED: list[bytes] = [
    # lists
    b"[1 true]", b"[a\xe5]", b'["": 1]', b'[""],', b"[,1]", b"[1,,2]", b'["x",,]', b'["x"]]', b'["",]', b'["x"', b"[x", b"[3[4]]",
    b"[\xff]", b"[1:2]", b"[,]", b"[-]", b'[   , ""]', b'["a",\n4\n,1,', b"[1,]", b"[1,,]", b'["\x0ba"\\f]', b"[*]", b'[""', b"[1,",
    b"[1,\n1\n,1", b"[{}",
    # words
    b"[fals]", b"[nul]", b"[tru]", b"123\0", b"[True]", b"[None]", b"[nulL]", b"[undefined]", b"[truetrue]",
    # numbers
    b"[++1234]", b"[+1]", b"[+Inf]", b"[-01]", b"[-1.0.]", b"[-2.]", b"[-NaN]", b"[.-1]", b"[.2e-3]", b"[0.1.2]", b"[0.3e+]",
    b"[0.3e]", b"[0.e1]", b"[0E+]", b"[0E]", b"[0e+]", b"[0e]", b"[1.0e+]", b"[1.0e-]", b"[1.0e]", b"[1 000.0]", b"[1eE2]",
    b"[2.e+3]", b"[2.e-3]", b"[2.e3]", b"[9.e+]", b"[Inf]", b"[NaN]", b"[nan]", b"[inf]", b"[-inf]", "[\uff11]".encode(), b"[1+2]",
    b"[0x1]", b"[0x42]", b"[Infinity]", b"[0e+-1]", b"[-123.123foo]", b"[123\xe5]", b"[1e1\xe5]", b"[0\xe5]\n", b"[-Infinity]",
    b"[-foo]", b"[- 1]", b"[-012]", b"[-.123]", b"[-1x]", b"[1ea]", b"[1e\xe5]", b"[1.]", b"[.123]", b"[1.2a-3]",
    b"[1.8011670033376514H-308]", b"[012]", b"[1_000]",
    # objects
    b'["x", truth]', b'{[: "x"}\n', b'{"x", null}', b'{"x"::"b"}', "{\U0001f1e8\U0001f1ed}".encode(), b'{"a":"a" 123}',
    b"{key: 'value'}", b'{"\xb9":"0",}', b'{"a" b}', b'{:"b"}', b'{"a" "b"}', b'{"a":', b'{"a"', b"{1:1}", b"{9999E9999:1}",
    b"{null:null,null:null}", b'{"id":0,,,,,}', b"{'a':0}", b'{"id":0,}', b'{"a":"b"}/**/', b'{"a":"b"}/**//', b'{"a":"b"}//',
    b'{"a":"b"}/', b'{"a":"b",,"c":"d"}', b'{a: "b"}', b'{"a":"a', b'{ "foo" : "bar", "a" }', b'{"a":"b"}#', b'{"a":NaN}',
    # strings
    b" ", rb'["\uD800\"]', rb'["\uD800\u"]', rb'["\uD800\u1"]', rb'["\uD800\u1x"]', "[\xe9]".encode(), rb'["\x00"]', rb'["\\\"]',
    b'["\\\t"]', '["\\\U0001f300"]'.encode(), rb'["\"]', rb'["\u00A"]', rb'["\uD834\uDd"]', rb'["\uD800\uD800\x"]',
    b'["\\u\xe5"]', rb'["\a"]', rb'["\uqqqq"]', b'["\\\xe5"]', rb'[\u0020"asd"]', rb"[\n]", b'"', b"['single quote']", b"abc",
    b'["\\', b'["a\0a"]', b'["new\nline"]', b'["\t"]', rb'"\UA66D"', b'""x',
    # the whole
    "[\u2060]".encode(), b"\xef\xbb\xbf", b"<.>", b"[<null>]", b"[1]x", b"[1]]", b'["asd]', b"a\xc3\xa5", b"1]", b'{"x": true,',
    b"[][]", b"]", b"\xef\xbb{}", b"\xe5", b"[", b"", b"[\0]", b"2@", b"{}}", b'{"":', b'{"a":/*comment*/"b"}',
    b'{"a": true} "x"', b"['", b"[,", b"[{", b'["a', b'["a"', b"{", b"{]", b"{,", b"{[", b'{"a', b"{'a'", rb'["\{["\{["\{["\{',
    b"*", b'{"a":"b"}#{}', rb'[\u000A""]', b"[1", b"[ false, nul", b"[ true, fals", b"[ false, tru", b'{"asd":"asd"',
    b"\xc3\xa5", b"[\x0c]", b"[\x0b1]", b"[1\xc2\xa0]", b"[" * 100_000, b'[{"":' * 50_000,
]  # fmt: skip

OPEN: list[bytes] = [
    b"[0.4e006" + b"9" * 70 + b"06]", b"[-1e+9999]", b"[1.5e+9999]", b"[-123123e100000]", b"[123123e100000]", b"[123e-10000000]",
    b"[-" + b"123" * 10 + b"]", b"[100000000000000000000]", b"[-237462374673276894279832749832423479823246327846]",
    rb'{"\uDFAA":0}', rb'["\uDADA"]', rb'["\uD888\u1234"]', b'["\xe6\x97\xa5\xd1\x88\xfa"]', b'["\xff"]', rb'["\uD800\n"]',
    rb'["\uDd1ea"]', rb'["\uD800\uD800\n"]', rb'["\ud800"]', rb'["\ud800abc"]', rb'["\uDd1e\uD834"]', b'["\xe9"]', rb'["\uDFAA"]',
    b'["\x81"]', b'["\xf4\xbf\xbf\xbf"]', b'["\xc0\xaf"]', b'["\xfc\x83\xbf\xbf\xbf\xbf"]', b'["\xfc\x80\x80\x80\x80\x80"]',
    b'["\xe0\xff"]', b'["\xed\xa0\x80"]', '["\xe9"]'.encode("utf-16"), '["\xe9"]'.encode("utf-16-le"),
    '["\xe9"]'.encode("utf-16-be"), b"[" * 500 + b"]" * 500, b"\xef\xbb\xbf{}", b'{"a":"b","a":"c"}', b'{"a":"b","a":"b"}',
    b'{"b":1}\x0c', b'{"b":1}{"b":2}', b'{"b":1} {"b":2}', b'{"b":1}\r{"b":2}', b'{"b":1},{"b":2}', b'{"b":1}\n[{"b":2}]',
    b'[{"b":1}]\n[{"b":2}]', b"[" * 3000 + b"]" * 3000, b"9" * 5000,
]  # fmt: skip
