// A document of a configured type goes the whole way as a CriticalDocument does: signed, sent,
// accepted, handed a receipt, and verified again years later.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from '@seg/pki'
import t from 'tap'
import { makeFolder } from '../../packages/receiver/src/testing/gateway.ts'
import { runCommand, startReceiver } from '../support/commands.ts'

t.test('a document of a configured type is sent, accepted once, proven, and refused by its schema', async t => {
  const folder = await makeFolder(t)
  const at = (name: string) => join(folder, name)
  await generate({ out: at('certs'), key: 'ec-p256' })
  await writeFile(
    at('invoice.xsd'),
    `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" \
targetNamespace="urn:example:invoice:1" elementFormDefault="qualified">
  <xs:element name="Invoice"><xs:complexType><xs:sequence>
    <xs:element name="Head"><xs:complexType><xs:sequence>
      <xs:element name="From"/><xs:element name="To"/><xs:element name="At"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="Total" type="xs:decimal"/>
  </xs:sequence><xs:attribute name="number"/></xs:complexType></xs:element></xs:schema>`,
  )
  await writeFile(
    at('seg.yaml'),
    `documents:
  Invoice:
    root: Invoice
    namespace: urn:example:invoice:1
    fields: { id: "@number", sender: Head/From, receiver: Head/To, timestamp: Head/At }
    xsd: invoice.xsd
    freshness: 10m
`,
  )
  const write = (name: string, total: string) =>
    writeFile(
      at(name),
      `<Invoice xmlns="urn:example:invoice:1" number="none">
  <Head><From>MINISTRY 1_SEG01</From><To>MINISTRY 2_SEG01</To><At>YYYY-MM-DDTHH:MM:SSZ</At></Head>
  <Total>${total}</Total>
</Invoice>
`,
    )
  await write('good.xml', '12.50')
  await write('bad.xml', 'much')
  const config = ['--config', at('seg.yaml')]
  const places = ['--certs', at('certs'), ...config]
  const receiver = await startReceiver(t, [...places, '--data', at('receiver')])
  const send = (...args: string[]) =>
    runCommand('sender', ['send', ...args, '--json', '--to', receiver.url.origin, '--data', at('sender'), ...places])
  const sent = await send(at('good.xml'), '--id', 'inv-1')
  t.equal(sent.exitCode, 0, sent.stderr)
  const delivery = JSON.parse(sent.stdout.toString())
  t.match(delivery, { state: 'delivered', id: 'inv-1', senderId: 'MINISTRY 1_SEG01' })
  t.match(JSON.parse((await send(at('good.xml'), '--id', 'inv-1')).stdout.toString()), { state: 'already-delivered' })
  const refused = await send(at('bad.xml'), '--id', 'inv-2')
  t.equal(refused.exitCode, 3)
  t.match(JSON.parse(refused.stdout.toString()), { state: 'refused', code: 'schema-invalid' })
  const proven = await runCommand('sender', [
    'verify-receipt',
    delivery.receipt,
    '--document',
    delivery.document,
    ...places,
  ])
  t.equal(proven.exitCode, 0, proven.stderr)
  const verified = await runCommand('receiver', ['log', 'verify', ...places, '--data', at('receiver')])
  t.equal(verified.exitCode, 0, verified.stderr)
  t.match(verified.stdout.toString(), /the log is whole.* 1 documents? with/)
  const exported = await runCommand('receiver', ['documents', 'export', 'inv-1', '--data', at('receiver')])
  t.same(exported.stdout, await readFile(delivery.document), 'the exact bytes')
  const other = await runCommand('sender', [
    'sign',
    at('good.xml'),
    '--certs',
    at('certs'),
    '--config',
    at('none.yaml'),
  ])
  t.equal(other.exitCode, 5, 'without its type it is no document')
  await receiver.stop()
})
