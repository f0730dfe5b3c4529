import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import t, { type Test } from 'tap'
import { post, refusalOf } from '../testing/client.ts'
import { makeCerts, makeDocument, makeFolder, openGateway } from '../testing/gateway.ts'
import { openDocumentPolicy } from './document-policy.ts'
import { openSchemas } from './schemas.ts'

const bounds = { schemaTime: 20_000, schemaBytes: 64 * 1024 }
const schemaOf = (content: string) =>
  Buffer.from(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">${content}</xs:schema>`)

async function writeConfiguration(t: Test, yaml: string, files: Record<string, string | Buffer> = {}): Promise<string> {
  const folder = await makeFolder(t)
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  await writeFile(join(folder, 'seg.yaml'), yaml)
  return join(folder, 'seg.yaml')
}

/** A payload of one element Amount, an integer. */
const payload = Buffer.from(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:include schemaLocation="amount.xsd"/>
  <xs:element name="CriticalDocument"><xs:complexType><xs:sequence>
    <xs:element name="SenderID"/><xs:element name="ReceiverID"/><xs:element name="TimestampForSignature"/>
    <xs:element name="Payload"><xs:complexType><xs:sequence>\
<xs:element name="Amount" type="Amount"/></xs:sequence></xs:complexType></xs:element>
  </xs:sequence><xs:attribute name="id"/></xs:complexType></xs:element></xs:schema>`)
const amount = schemaOf('<xs:simpleType name="Amount"><xs:restriction base="xs:integer"/></xs:simpleType>')

t.test('a document that its schema does not allow is refused, with line and reason in the log only', async t => {
  const yaml = 'documents: { CriticalDocument: { xsd: [main.xsd, amount.xsd] } }'
  const config = await writeConfiguration(t, yaml, { 'main.xsd': payload, 'amount.xsd': amount })
  const gateway = await openGateway(t, await makeCerts(t), { config, schemaTime: 20_000 })
  const send = async (id: string, text: string) => post(gateway, await makeDocument(gateway, { id, payload: text }))
  t.equal((await send('good', '<Amount>12</Amount>')).status, 201)
  const refused = await send('bad', '<Amount>twelve</Amount>')
  t.equal(refusalOf(refused), '422 schema-invalid')
  t.notMatch(refused.body.toString(), /twelve|Amount/)
  t.match(gateway.log.at(-1), {
    code: 'schema-invalid',
    msg: /signature valid; schema-invalid: CriticalDocument: line 5: ".*Amount.*twelve.*"/,
  })
  t.equal((await gateway.gate.ledger.find('MINISTRY 1_SEG01', 'bad'))?.index, undefined)
  // A replay is found before the schema is asked, which may have changed since.
  const again = await makeDocument(gateway, { id: 'again', payload: '<Amount>1</Amount>' })
  t.same([(await post(gateway, again)).status, (await post(gateway, again)).status], [201, 200])
  const large = await makeDocument(gateway, { id: 'large', payload: `<Amount>${' '.repeat(5 << 20)}1</Amount>` })
  t.equal(refusalOf(await post(gateway, large)), '413 document-too-large')
})

t.test('the schema that comes with the gateway takes what the gateway takes', async t => {
  const config = await writeConfiguration(t, 'documents: { CriticalDocument: { xsd: built-in } }')
  const gateway = await openGateway(t, await makeCerts(t), { config, schemaTime: 20_000 })
  const any = '<x:a xmlns:x="urn:x" x:b="1">text<c/></x:a> and text'
  t.equal((await post(gateway, await makeDocument(gateway, { payload: any }))).status, 201)
})

t.test('a schema that cannot be used keeps the receiver from starting, with its file and line', async t => {
  const opened = (main: Buffer | string, yaml = 'documents: { CriticalDocument: { xsd: main.xsd } }') =>
    writeConfiguration(t, yaml, { 'main.xsd': main, 'amount.xsd': amount }).then(config =>
      openDocumentPolicy(config, bounds),
    )
  const refuses = (main: Buffer | string, detail: RegExp, yaml?: string) =>
    t.rejects(opened(main, yaml), { code: 'configuration', detail }, String(detail))
  await refuses('<xs:schema', /the schema of CriticalDocument: .*main\.xsd:1: /)
  await refuses(schemaOf('<xs:element name="a" type="Nothing"/>'), /main\.xsd:1: ".*Nothing/)
  // What it includes is given in seg.yaml: nothing is read from disk or network because a schema
  // says so.
  await refuses(payload, /the schema of CriticalDocument: .*main\.xsd:\d+: /)
  await refuses(schemaOf('<xs:include schemaLocation="file:///etc/passwd"/>'), /main\.xsd:1: /)
  await refuses(schemaOf('<xs:include schemaLocation="http://localhost/x.xsd"/>'), /main\.xsd:1: /)
  await refuses('', /cannot read the schema .*no\.xsd/, 'documents: { CriticalDocument: { xsd: no.xsd } }')
})

t.test('a document that cannot be validated in time is refused for now, and the thread is replaced', async t => {
  const slow = schemaOf(
    '<xs:element name="a"><xs:complexType><xs:sequence>' +
      '<xs:element name="b" maxOccurs="unbounded" type="xs:int"/></xs:sequence></xs:complexType>' +
      '<xs:key name="k"><xs:selector xpath="b"/><xs:field xpath="."/></xs:key></xs:element>',
  )
  const open = (schemaTime: number) =>
    openSchemas([{ type: 'A', files: [['/a.xsd', slow]] }], { schemaTime, schemaBytes: 1 << 22 })
  const many = Buffer.from(`<a>${Array.from({ length: 60_000 }, (_, i) => `<b>${i}</b>`).join('')}</a>`)
  const schemas = await open(20)
  t.teardown(() => schemas.close())
  const check = (partner: string, document: Buffer) =>
    schemas.check(partner, 'A', document.length, async () => document)
  const outcomes = await Promise.allSettled([check('one', many), check('one', many)])
  for (const outcome of outcomes)
    t.match(outcome, { status: 'rejected', reason: { code: /^schema-unavailable$|^overloaded$/ } })
  const patient = await open(20_000)
  t.teardown(() => patient.close())
  const small = Buffer.from('<a><b>1</b></a>')
  await patient.check('one', 'A', small.length, async () => small)
  await t.rejects(
    patient.check('one', 'A', 20, async () => Buffer.from('<a><b>1</b><b>1</b></a>')),
    { code: 'schema-invalid' },
  )
  t.equal(new Fault('schema-unavailable', '').status, 503)
})

t.test('threads that end early, as they do under load, never end the process', async t => {
  const sources = [{ type: 'A', files: [['/a.xsd', schemaOf('<xs:element name="a"/>')]] }] as const
  const document = Buffer.from('<a/>')
  for (let schemaTime = 20; schemaTime <= 260; schemaTime += 20) {
    const schemas = await openSchemas(sources, { schemaTime, schemaBytes: 1024 })
    const check = () => schemas.check('one', 'A', document.length, async () => document)
    const outcomes = await Promise.allSettled([check(), check()])
    await schemas.close()
    for (const { status } of outcomes) t.match(status, /^fulfilled$|^rejected$/)
  }
})
