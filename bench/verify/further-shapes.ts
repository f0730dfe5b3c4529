// More shapes of one trait each, written after the engine was tuned on those of shapes.ts. What
// the engine then did worst on was repaired, so a new figure needs new shapes: see random-shape.ts.
import type { PayloadShape } from './shapes.ts'

const HL7 = 'urn:hl7-org:v3'

const clinicalDocuments: PayloadShape = {
  open: '<Documents>\n',
  writeLine: n => `<ClinicalDocument xmlns="${HL7}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
  <id root="1.2.276.0.76.4.${n}" extension="e-${n}"/>
  <code code="11502-2" codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC" displayName="Laboratory report"/>
  <effectiveTime value="202611${10 + (n % 19)}1200+0100"/>
  <recordTarget typeCode="RCT"><patientRole classCode="PAT">
    <id root="2.16.840.1.113883.2.9.4.3.2" extension="P${n}"/>
    <patient><name use="L"><given>Zoë</given><family>Müller</family></name>\
<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/></patient>
  </patientRole></recordTarget>
  <entry typeCode="DRIV"><observation classCode="OBS" moodCode="EVN">
    <code code="2345-7" codeSystem="2.16.840.1.113883.6.1" displayName="Glucose"/>
    <value xsi:type="PQ" value="${n % 200}" unit="mg/dL"/>\
<interpretationCode code="N" codeSystem="2.16.840.1.113883.5.83"/>
  </observation></entry>
</ClinicalDocument>
`,
  close: '</Documents>',
}

const coordinates = (n: number) =>
  Array.from({ length: 40 }, (_, i) => `${59 + ((n * i) % 997) / 1000} ${24 + ((n + i) % 991) / 1000}`).join(' ')

const geography: PayloadShape = {
  open:
    '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml/3.2" ' +
    'xmlns:cp="http://inspire.ec.europa.eu/schemas/cp/4.0">\n',
  writeLine: n =>
    `<gml:featureMember><cp:CadastralParcel gml:id="CP.${n}"><cp:geometry>` +
    `<gml:Polygon srsName="urn:ogc:def:crs:EPSG::4258" gml:id="G.${n}"><gml:exterior>` +
    `<gml:LinearRing><gml:posList srsDimension="2">${coordinates(n)}</gml:posList></gml:LinearRing>` +
    '</gml:exterior></gml:Polygon></cp:geometry></cp:CadastralParcel></gml:featureMember>\n',
  close: '</gml:FeatureCollection>',
}

const longValues: PayloadShape = {
  open: '<objects>\n',
  writeLine: n =>
    `<object id="${n}" path="${`/register/of/persons/and/residence/${n}`.repeat(30)}" ` +
    `title="${'Extract from the register, certified; '.repeat(20)}"/>\n`,
  close: '</objects>',
}

const chineseText: PayloadShape = {
  open: '<d:文书 xmlns:d="urn:example:doc">\n',
  writeLine: n =>
    `<d:记录 编号="${n}"><d:机关>国家市场监督管理总局登记注册局</d:机关>` +
    `<d:地址>北京市西城区三里河东路八号，${n} 号楼</d:地址><d:事由>关于提供企业登记档案查询结果的函。</d:事由></d:记录>\n`,
  close: '</d:文书>',
}

const arabicText: PayloadShape = {
  open: '<m:messages xmlns:m="urn:example:message">\n',
  writeLine: n =>
    `<m:message m:id="${n}" xml:lang="ar"><m:from>وزارة الداخلية، مديرية الأحوال المدنية</m:from>` +
    `<m:subject>طلب شهادة ميلاد رقم ${n}</m:subject>` +
    '<m:body>نرجو التكرم بموافاتنا بنسخة مصدقة من السجل المدني.</m:body></m:message>\n',
  close: '</m:messages>',
}

const characterReferences: PayloadShape = {
  open: '<names>\n',
  writeLine: n =>
    `<name nr="&#${48 + (n % 10)};">M&#252;ller &#38; S&#xF6;hne, K&#246;nigsallee ${n}, D&#252;sseldorf</name>\n`,
  close: '</names>',
}

const windowsLineEnds: PayloadShape = {
  open: '<records>\r\n',
  writeLine: n =>
    `  <record id="${n}">\r\n    <name>Works ${n}</name>\r\n` +
    '    <note>first line\r\nsecond line</note>\r\n  </record>\r\n',
  close: '</records>',
}

const brokenTags: PayloadShape = {
  open: '<records>\n',
  writeLine: n =>
    `<record\n    id="${n}"\n    kind="invoice"\n\tnote="one\ttwo\n` +
    `three"><amount\n  currency="EUR">${n}.00</amount></record>\n`,
  close: '</records>',
}

const languages: PayloadShape = {
  open: '<texts>\n',
  writeLine: n =>
    `<text xml:lang="${['et', 'fi', 'sv', 'en-GB'][n % 4]}"><title xml:lang="en">Act ${n}</title>` +
    `<para xml:lang="de" xml:space="preserve">Gesetz ${n}</para></text>\n`,
  close: '</texts>',
}

const ampersands: PayloadShape = {
  open: '<text>',
  writeLine: () => 'profit and loss &amp; '.repeat(60),
  close: '</text>',
}

const prefixedAttributes: PayloadShape = {
  open: '<x:links xmlns:x="urn:example:x" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:a="urn:example:a">\n',
  writeLine: n =>
    `<x:link xlink:type="simple" xlink:href="https://example.org/${n}" a:role="r${n % 5}" x:n="${n}">` +
    `<x:to a:id="${n}" x:kind="k"/></x:link>\n`,
  close: '</x:links>',
}

const emptyElements: PayloadShape = {
  open: '<flags>\n',
  writeLine: n => `<row><a/><b/><c/><d v="${n % 2}"/><e/><f/><g v="1"/><h/></row>\n`,
  close: '</flags>',
}

const NESTED = 20
const changingDefaults: PayloadShape = {
  open: '<nest>\n',
  writeLine: n =>
    `${Array.from({ length: NESTED }, (_, i) => `<e${i} xmlns="urn:example:${i % 3}">`).join('')}` +
    `${n}${Array.from({ length: NESTED }, (_, i) => `</e${NESTED - 1 - i}>`).join('')}\n`,
  close: '</nest>',
}

const attachment = Buffer.from(Array.from({ length: 48 * 1000 }, (_, i) => (i * i * 13 + i * 5) & 0xff))
  .toString('base64')
  .replace(/.{76}/g, '$&\n')

const wrappedBase64: PayloadShape = { open: '<pdf>', writeLine: () => attachment, close: '</pdf>' }

const indented: PayloadShape = {
  open: '<list>\n',
  writeLine: n => `
                <item>
                        <key>

                                ${n}
                        </key>
                        <value>
                                <part>a</part>

                                <part>b</part>
                        </value>
                </item>
`,
  close: '</list>',
}

/** Each line declares what it uses, by prefixes that change from line to line. */
const changingPrefixes: PayloadShape = {
  open: '<list>\n',
  writeLine: n =>
    `<n${n % 97}:item xmlns:n${n % 97}="urn:example:item:${n % 97}"><n${n % 97}:id>${n}</n${n % 97}:id>` +
    `<n${n % 97}:name>Pump</n${n % 97}:name></n${n % 97}:item>\n`,
  close: '</list>',
}

/** Names that hardly come twice. */
const manyNames: PayloadShape = {
  open: '<data>\n',
  writeLine: n => `<field${n % 5000} type="t${n % 3}"><value${n % 3001}>${n}</value${n % 3001}></field${n % 5000}>\n`,
  close: '</data>',
}

export const furtherTraits = {
  'clinical documents (HL7 CDA)': clinicalDocuments,
  'coordinates (GML)': geography,
  'long attribute values': longValues,
  'Chinese names and text, one prefix': chineseText,
  'Arabic text, one prefix': arabicText,
  'numeric character references': characterReferences,
  'CRLF line ends': windowsLineEnds,
  'line ends in tags and values': brokenTags,
  'xml:lang on each element': languages,
  'one text with &amp; every 22 octets': ampersands,
  'prefixed attributes': prefixedAttributes,
  'empty elements': emptyElements,
  'default namespace changes at each level': changingDefaults,
  'base64 in lines': wrappedBase64,
  'white space between all tags': indented,
  'a prefix of its own on each line': changingPrefixes,
  'thousands of names': manyNames,
} as const satisfies Record<string, PayloadShape>
