// What is no document of the profile: the refusal, and the place that it names, whatever pieces the
// bytes come in.
import t from 'tap'
import { canonicalize, cuts, EXCLUSIVE, methodOf, verdictOf } from '../support/engine.ts'

/** By refusal: documents, and the byte, line and column at which each is refused. */
const refusals: Record<string, Record<string, readonly [document: string | Buffer, place: string]>> = {
  'xml-malformed the document ends before its document element does': {
    'nothing at all': ['', '0:1:1'],
    'white space only': [' \n', '2:2:1'],
    'a document element that is not closed': ['<a>\n<b/>', '8:2:5'],
    'a document that ends in a start tag': ['<a><b', '5:1:6'],
    'a document that ends in an attribute': ['<a b="c', '7:1:8'],
    'a value that does not end': ['<a b="/>', '8:1:9'],
    'a document that ends in an end tag': ['<a></a', '6:1:7'],
    'a document that ends in a reference': ['<a>&am', '6:1:7'],
    'a document that ends in CDATA': ['<a><![CDATA[x]]', '15:1:16'],
    'a document that ends in a carriage return': ['<a>x\r', '5:2:1'],
    'a document that ends with "<"': ['<a/><', '5:1:6'],
    'an XML declaration that does not end': ['<?xml version="1.0"', '19:1:20'],
    'a slash at the end of input': ['<a/', '3:1:4'],
  },
  'xml-malformed character data stands outside the document element': {
    'text before the document element': ['\n x<a/>', '2:2:2'],
    'text behind the document element': ['<a/>\r\n\rx', '7:3:1'],
    'a reference behind the document element': ['<a/>&amp;', '4:1:5'],
    'a character that begins as a byte order mark does': ['\uff21<a/>', '0:1:1'],
    'a second byte order mark': ['\ufeff\ufeff<a/>', '3:1:4'],
  },
  'xml-malformed expected an element, character data or an end tag': {
    'CDATA outside': ['<a/><![CDATA[]]>', '4:1:5'],
    'a declaration of no kind': ['<a><!ELEMENT b></a>', '3:1:4'],
    'a declaration that begins as CDATA does': ['<a><![CDATB[]]></a>', '3:1:4'],
    'a declaration that begins as a comment does': ['<a><!- x --></a>', '3:1:4'],
    'a declaration of document type in small letters': ['<!doctype a><a/>', '0:1:1'],
  },
  'xml-malformed a second document element': {
    'a second document element': ['<a/>\n<b/>', '5:2:1'],
  },
  'xml-malformed an end tag without its start tag': {
    'an end tag before the document element': ['</a>', '0:1:1'],
    'an end tag behind the document element': ['<a></a></a>', '7:1:8'],
  },
  'xml-malformed an end tag does not fit the start tag': {
    'an end tag of another name': ['<a><b></a></b>', '6:1:7'],
    'an end tag of a longer name': ['<a></ab>', '3:1:4'],
    'an end tag of a shorter name': ['<ab></a>', '4:1:5'],
    'an end tag with an attribute': ['<a></a b="">', '3:1:4'],
    'an end tag with a slash': ['<a><b></b/></a>', '6:1:7'],
    'an end tag behind text on other lines': ['<a>\n\u00fc\n<b>\n</a>', '11:4:1'],
    "white space before an end tag's name": ['<a></ a>', '3:1:4'],
  },
  'xml-doctype a document type declaration is not allowed': {
    'a document type declaration': ['<!DOCTYPE a><a/>', '0:1:1'],
    'a document type declaration inside': ['<a><!DOCTYPE a></a>', '3:1:4'],
  },
  'xml-comment comments are not allowed: a signature does not cover them': {
    'a comment': ['<a>\n<!-- b --></a>', '4:2:1'],
    'a comment that is cut off': ['<a><!--', '3:1:4'],
  },
  'xml-processing-instruction processing instructions are not allowed': {
    'a processing instruction': ['<a><?b c?></a>', '3:1:4'],
    'a processing instruction that is cut off': ['<a><?b', '3:1:4'],
    'a processing instruction before': ['<?b?><a/>', '0:1:1'],
    'a processing instruction whose target begins with xml': ['<?xml-stylesheet href="a"?><a/>', '0:1:1'],
    'a processing instruction whose target is xm': ['<a><?xm ?></a>', '3:1:4'],
  },
  'xml-malformed an XML declaration stands elsewhere than at the very start': {
    'an XML declaration behind white space': [' <?xml version="1.0"?><a/>', '1:1:2'],
    'an XML declaration inside': ['<a><?xml version="1.0"?></a>', '3:1:4'],
    'an XML declaration in capitals': ['<?XML version="1.0"?><a/>', '0:1:1'],
    'an XML declaration of nothing': ['<a><?xml?></a>', '3:1:4'],
  },
  'xml-malformed the XML declaration is not one of XML 1.0': {
    'an XML declaration without version': ['<?xml encoding="UTF-8"?><a/>', '0:1:1'],
    'an XML declaration of version 1.1': ['<?xml version="1.1"?><a/>', '0:1:1'],
    'an XML declaration with a quote of each kind': [`<?xml version="1.0'?><a/>`, '0:1:1'],
    'an XML declaration that says standalone before encoding': [
      '<?xml version="1.0" standalone="yes" encoding="UTF-8"?><a/>',
      '0:1:1',
    ],
    'an XML declaration that says standalone="maybe"': ['<?xml version="1.0" standalone="maybe"?><a/>', '0:1:1'],
    'an XML declaration without white space': ['<?xml version="1.0"encoding="UTF-8"?><a/>', '0:1:1'],
    'an XML declaration with text behind': ['<?xml version="1.0" ? ?><a/>', '0:1:1'],
  },
  'xml-encoding the XML declaration names another encoding than UTF-8': {
    'another encoding': ['<?xml version="1.0" encoding="ISO-8859-1"?><a/>', '0:1:1'],
    'another encoding in single quotes': ["<?xml version='1.0' encoding='UTF-16'?><a/>", '0:1:1'],
  },
  'xml-encoding the document looks like UTF-16 or UTF-32': {
    'UTF-16, big endian': [Buffer.from('\0<\0a\0/\0>', 'latin1'), '0:1:1'],
    'UTF-16, little endian': [Buffer.from('<\0a\0/\0>\0', 'latin1'), '0:1:1'],
    'UTF-32': [Buffer.from('\0\0\0<', 'latin1'), '0:1:1'],
    'one zero byte': [Buffer.from([0]), '0:1:1'],
  },
  'xml-encoding a byte is not part of valid UTF-8': {
    'UTF-16 with a byte order mark': [Buffer.from('\ufeff<a/>', 'utf16le'), '0:1:1'],
    'a byte that is no UTF-8': [Buffer.from('<a>\n\xfc</a>', 'latin1'), '4:2:1'],
    'an overlong form': [Buffer.from('<a>\xc0\xbc</a>', 'latin1'), '3:1:4'],
    'a surrogate in UTF-8': [Buffer.from('<a>x\xed\xa0\x80</a>', 'latin1'), '4:1:5'],
    'a lone continuation byte': [Buffer.from('<a>\x80</a>', 'latin1'), '3:1:4'],
    'a sequence beyond U+10FFFF': [Buffer.from('<a>\xf4\x90\x80\x80</a>', 'latin1'), '3:1:4'],
    'a cut-off sequence inside': [Buffer.from('<a>\xe2\x82</a>', 'latin1'), '3:1:4'],
  },
  'xml-encoding the document ends inside a UTF-8 sequence': {
    'a document that ends inside a sequence': [
      Buffer.concat([Buffer.from('<a>\n'), Buffer.from([0xf0, 0x9f, 0x98])]),
      '7:2:4',
    ],
    'a document that ends with a lead byte that never was': [Buffer.from('<a>\xc0', 'latin1'), '4:1:5'],
    'a document that ends inside a sequence of two': [Buffer.from('<a>\xc3', 'latin1'), '4:1:5'],
  },
  'xml-malformed "]]>" stands in character data': {
    '"]]>" in text': ['<a>x]]></a>', '6:1:7'],
    '"]]>" in text with more brackets': ['<a>]]]></a>', '6:1:7'],
    '"]]>" behind a line end': ['<a>\n]]></a>', '6:2:3'],
    '"]]>" behind a tag': ['<a><b/>]]></a>', '9:1:10'],
    '"]]>" behind a reference': ['<a>&lt;]]></a>', '9:1:10'],
    '"]]>" behind a plain tag': ['<a><b></b>x]]></a>', '13:1:14'],
  },
  'xml-malformed the control character 1 is not an XML character': {
    'one behind line ends in tags': ['<a\n>\n<b\n\n></b\n>\n\x01</a>', '16:7:1'],
    'one behind carriage returns in tags': ['<a\r>\r\n<b\r\n\r\n></b\r>\r\x01</a>', '19:7:1'],
    'one behind line ends in values and CDATA': ['<a b="\n">\n<![CDATA[\n\r]]>\n<c\nd="&#10;"/>\n\x01</a>', '40:8:1'],
    'one behind line ends in the XML declaration': ['<?xml\nversion="1.0"\n?>\n<a>\n\x01', '27:5:1'],
    'one behind line ends in tags further down': ['<a><b><c><d>\n</d\n></c>\n\x01', '23:4:1'],
    'a control character in text': ['<a>\n \x01</a>', '5:2:2'],
  },
  'xml-malformed the control character 0 is not an XML character': {
    'a zero byte in text': ['<a>\0</a>', '3:1:4'],
  },
  'xml-malformed the control character 31 is not an XML character': {
    'a control character in CDATA': ['<a><![CDATA[\x1f]]></a>', '12:1:13'],
  },
  'xml-malformed the control character 11 is not an XML character': {
    'a control character in a value': ['<a b="\x0b"/>', '6:1:7'],
  },
  'xml-malformed U+FFFE and U+FFFF are not XML characters': {
    'U+FFFE in text': ['<a>\ufffe</a>', '3:1:4'],
    'U+FFFF in CDATA': ['<a><![CDATA[\uffff]]></a>', '12:1:13'],
    'U+FFFE in a value': ['<a b="\ufffe"/>', '6:1:7'],
  },
  'xml-malformed expected one of &amp; &lt; &gt; &quot; &apos; or a character reference after "&"': {
    'an unknown entity': ['<a>&nbsp;</a>', '3:1:4'],
    'an entity without its end': ['<a>&amp </a>', '3:1:4'],
    'an entity whose name is longer': ['<a>&ampx;</a>', '3:1:4'],
    'a bare ampersand': ['<a>a & b</a>', '5:1:6'],
    'an empty reference': ['<a>&;</a>', '3:1:4'],
    'a bad reference in a value': ['<a b="&x;"/>', '6:1:7'],
  },
  'xml-malformed expected digits and ";" in a character reference': {
    'a character reference without digits': ['<a>&#;</a>', '3:1:4'],
    'a hexadecimal reference without digits': ['<a>&#x;</a>', '3:1:4'],
    'a hexadecimal digit in a decimal reference': ['<a>&#1A;</a>', '3:1:4'],
    'a letter beyond F': ['<a>&#x1G;</a>', '3:1:4'],
    'a capital X': ['<a>&#X41;</a>', '3:1:4'],
  },
  'xml-malformed a character reference names something that is not an XML character': {
    'a reference to zero': ['<a>&#0;</a>', '3:1:4'],
    'a reference to a control character': ['<a>&#x1F;</a>', '3:1:4'],
    'a reference to a surrogate': ['<a>&#xD800;</a>', '3:1:4'],
    'a reference to the last surrogate': ['<a>&#xDFFF;</a>', '3:1:4'],
    'a reference to U+FFFE': ['<a>&#xFFFE;</a>', '3:1:4'],
    'a reference to U+FFFF': ['<a>&#65535;</a>', '3:1:4'],
    'a reference beyond U+10FFFF': ['<a>&#x110000;</a>', '3:1:4'],
    'a reference to a number of 40 digits': [`<a>&#${'9'.repeat(40)};</a>`, '3:1:4'],
  },
  'xml-malformed the value of an attribute has a "<"': {
    '"<" in a value': ['<a b="<"/>', '6:1:7'],
  },
  'xml-malformed expected "=" after the name of an attribute': {
    'a space for the "="': ['<a b "c"/>', '5:1:6'],
    'a tab for the "=", behind another attribute': ['<a b="c" d\t"e"></a>', '11:1:12'],
    'a slash for the "="': ['<a b/"c"/>', '4:1:5'],
    'no value': ['<a b/>', '4:1:5'],
  },
  'xml-malformed expected a name': {
    'no name': ['<a ="b"/>', '3:1:4'],
    'a digit as a name': ['<a><1/></a>', '4:1:5'],
    'white space before a name': ['<a>< b/></a>', '4:1:5'],
    'a name that begins with a hyphen': ['<-a/>', '1:1:2'],
    'a name that begins with U+00B7': ['<\u00b7/>', '1:1:2'],
  },
  'xml-malformed expected a quoted value after "="': {
    'no quotes': ['<a b=c/>', '5:1:6'],
  },
  'xml-malformed expected white space, ">" or "/>" in a tag': {
    'no white space between attributes': ['<a b="c"d="e"/>', '8:1:9'],
    'a name with U+00D7': ['<a\u00d7/>', '2:1:3'],
  },
  'xml-malformed expected ">" after "/" in a tag': {
    'a slash inside a tag': ['<a / >', '3:1:4'],
  },
  'xml-namespace a name begins with a colon': {
    'a name that begins with a colon': ['<:a/>', '1:1:2'],
    'an attribute that begins with a colon': ['<a :b=""/>', '3:1:4'],
  },
  'xml-namespace a name ends with a colon': {
    'a name that ends with a colon, in a plain tag': ['<a xmlns:p="urn:p"><p:></p:></a>', '21:1:22'],
    'a name that ends with a colon': ['<a:/>', '2:1:3'],
    'a declaration without a prefix': ['<a xmlns:="urn:a"/>', '8:1:9'],
  },
  'xml-namespace a name has more than one colon': {
    'a name with two colons, in a plain tag': ['<a xmlns:p="urn:p"><p:b:c></p:b:c></a>', '23:1:24'],
    'a name with two colons': ['<a:b:c/>', '4:1:5'],
    'an attribute with two colons': ['<a b:c:d=""/>', '6:1:7'],
  },
  'xml-namespace the local part of a name begins with a character that may not begin a name': {
    'a local part that begins with a digit': ['<a:1/>', '3:1:4'],
    'a local part that begins with a digit, in a plain tag': ['<a xmlns:p="urn:p"><p:1></p:1></a>', '22:1:23'],
    'a local part that begins with U+0300': ['<a:\u0300/>', '3:1:4'],
  },
  'xml-name the name of an element begins with the letters xml': {
    'an element whose name begins with xml': ['<xmlA/>', '1:1:2'],
    'an element whose name begins with xml, in a plain tag': ['<a><xmlb></xmlb></a>', '4:1:5'],
    'an element whose prefix begins with xml, in a plain tag': ['<a xmlns:p="urn:p"><xml:b></xml:b></a>', '20:1:21'],
    'an element whose name begins with XmL': ['<a><XmL/></a>', '4:1:5'],
    'an element in the namespace of xml': ['<xml:a/>', '1:1:2'],
    'the prefix xmlns on an element': ['<xmlns:a/>', '1:1:2'],
  },
  'xml-name the name of an attribute begins with the letters xml, and is none of xml:lang, xml:space, xml:id, xmlns': {
    'an attribute whose name begins with xml': ['<a xmlA=""/>', '3:1:4'],
    'an attribute xml': ['<a xml=""/>', '3:1:4'],
    'an attribute xml:base': ['<a xml:base="urn:a"/>', '3:1:4'],
    'an attribute XMLNS': ['<a XMLNS="urn:a"/>', '3:1:4'],
    'an attribute xmlnsa': ['<a xmlnsa="urn:a"/>', '3:1:4'],
  },
  'xml-namespace a prefix is not declared': {
    'an undeclared prefix of an element': ['<a><b:c/></a>', '4:1:5'],
    'an undeclared prefix of a plain element': ['<a><b:c></b:c></a>', '4:1:5'],
    'an undeclared prefix of an attribute': ['<a b:c=""/>', '3:1:4'],
    'a prefix used out of its scope': ['<a><b xmlns:p="urn:p"/><p:c/></a>', '24:1:25'],
  },
  'xml-namespace the prefix xmlns must not be declared': {
    'xmlns declared': ['<a xmlns:xmlns="urn:a"/>', '3:1:4'],
  },
  'xml-namespace the prefix xml and its namespace belong to each other only': {
    'xml bound to another namespace': ['<a xmlns:xml="urn:a"/>', '3:1:4'],
    'the namespace of xml bound to another prefix': ['<a xmlns:b="http://www.w3.org/XML/1998/namespace"/>', '3:1:4'],
    'the namespace of xml as the default': ['<a xmlns="http://www.w3.org/XML/1998/namespace"/>', '3:1:4'],
  },
  'xml-namespace the namespace of xmlns must not be declared': {
    'the namespace of xmlns bound': ['<a xmlns:b="http://www.w3.org/2000/xmlns/"/>', '3:1:4'],
    'the namespace of xmlns as the default': ['<a xmlns="http://www.w3.org/2000/xmlns/"/>', '3:1:4'],
  },
  'xml-namespace a prefix cannot be undeclared': {
    'a prefix undeclared': ['<a xmlns:b="urn:b"><c xmlns:b=""/></a>', '22:1:23'],
  },
  'xml-namespace a namespace name is no absolute URI (RFC 3986)': {
    'a relative namespace name': ['<a xmlns="b"/>', '3:1:4'],
    'a namespace name with a space': ['<a xmlns="urn:a "/>', '3:1:4'],
  },
  'xml-malformed an element has two attributes of the same name': {
    'two attributes of a name': ['<a b="" c="" b=""/>', '13:1:14'],
    'two attributes of a name, one behind the other': ['<a b="1" b="2"/>', '9:1:10'],
    'two declarations of a prefix': ['<a xmlns:b="urn:b" xmlns:b="urn:b"/>', '19:1:20'],
    'two default namespaces': ['<a xmlns="urn:b" xmlns="urn:c"/>', '17:1:18'],
    'two attributes of a long name': [`<a ${'b'.repeat(40)}="" c="" ${'b'.repeat(40)}=""/>`, '52:1:53'],
    'two of ten attributes of a name': ['<a i="" h="" g="" f="" e="" d="" c="" b="" a="" g=""/>', '48:1:49'],
    'two declarations of a prefix among attributes': [
      '<a xmlns:c="urn:c" b="" xmlns:a="urn:a" xmlns:c="urn:c"/>',
      '40:1:41',
    ],
  },
  'xml-namespace an attribute has the same expanded name as the one 7 bytes before': {
    'two attributes of an expanded name': ['<a xmlns:b="urn:x" xmlns:c="urn:x" b:d="" c:d=""/>', '42:1:43'],
  },
  'xml-namespace an attribute has the same expanded name as the one 12 bytes before': {
    'two attributes of an expanded name, others between': [
      '<a xmlns:b="urn:x" xmlns:c="urn:x" c:d="" e="" b:d=""/>',
      '47:1:48',
    ],
  },
}

for (const [refusal, documents] of Object.entries(refusals)) {
  t.test(`refuses with "${refusal}"`, async t => {
    for (const [title, [document, place]] of Object.entries(documents)) {
      const [byte, line, column] = place.split(':')
      const expected = `${refusal} (byte ${byte}, line ${line}, column ${column})`
      const bytes = Buffer.from(document as Buffer)
      for (const pieces of [[bytes], ...cuts(bytes)]) {
        const verdict = verdictOf(() => canonicalize(pieces, methodOf(EXCLUSIVE)))
        if (verdict !== expected)
          t.equal(verdict, expected, `${title}, in pieces of ${pieces.map(piece => piece.length)} bytes`)
      }
      t.pass(title)
    }
  })
}

t.test('reports line and column behind lines of any length', async t => {
  for (const ends of ['\n', '\r', '\r\n', '\r\n\n\r', '']) {
    for (const length of [0, 1, 127, 128, 129, 1023, 1024, 1151, 1152, 1153, 2175, 2176, 5000]) {
      const lines = `${'x'.repeat(length)}${ends}${'y'.repeat(length)}${ends}`
      const before = `<a b="${lines}${lines}">`
      const behind = before.split(/\r\n|\r|\n/)
      const place = `byte ${before.length}, line ${behind.length}, column ${behind.at(-1)!.length + 1}`
      const verdict = verdictOf(() => canonicalize([Buffer.from(`${before}</c>`)], methodOf(EXCLUSIVE)))
      if (!verdict.endsWith(`(${place})`))
        t.equal(verdict, place, `lines of ${length} bytes that end with ${JSON.stringify(ends)}`)
    }
  }
  t.pass('told')
})
