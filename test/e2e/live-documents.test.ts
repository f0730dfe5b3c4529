// Types of documents and their schemas replaced while both gateways run: with the next look, whole,
// and without a document lost that is on its way.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { followCredentials } from '../../packages/receiver/src/credentials/follow-credentials.ts'
import { openLoggerInto } from '../../packages/receiver/src/logger.ts'
import { connectRaw } from '../../packages/receiver/src/testing/client.ts'
import {
  makeCerts,
  makeFolder,
  openGateway,
  receiverId,
  senderId,
} from '../../packages/receiver/src/testing/gateway.ts'
import { followSender } from '../../packages/sender/src/credentials/follow-sender.ts'
import { openGateway as openSender } from '../../packages/sender/src/delivery/open-gateway.ts'
import { sendTemplate } from '../../packages/sender/src/delivery/send.ts'
import { systemClock } from '../../packages/sender/src/delivery/system-clock.ts'
import { openTemplate, sign } from '../../packages/sender/src/testing/gateways.ts'

const certs = await makeCerts(t)
const order = (schema: string) =>
  'documents: { Order: { root: Order, fields: { id: "@id", ' +
  `sender: From, receiver: To, timestamp: At }, xsd: ${schema} } }\n`
const schema = (type: string) =>
  `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="Order"><xs:complexType><xs:sequence>
  <xs:element name="From"/><xs:element name="To"/><xs:element name="At"/><xs:element name="Sum" type="xs:${type}"/>
</xs:sequence><xs:attribute name="id"/></xs:complexType></xs:element></xs:schema>`

const text = (sum: string) =>
  `<Order id="none"><From>${senderId}</From><To>${receiverId}</To>` +
  `<At>YYYY-MM-DDTHH:MM:SSZ</At><Sum>${sum}</Sum></Order>`

t.test('types and schemas count with the next look at both ends; what is broken replaces nothing', async t => {
  const gateway = await openGateway(t, certs)
  const folder = await makeFolder(t)
  const config = join(folder, 'seg.yaml')
  await writeFile(config, '')
  const lines: string[] = []
  const note = (line: string) => void lines.push(line)
  const logger = openLoggerInto({ write: (line: string) => note(JSON.parse(line).msg) })
  const following = followCredentials({ certs, data: gateway.data, config }, gateway.gate, logger)
  t.teardown(() => following.close())
  await using sender = await openSender(
    { certs, data: await makeFolder(t), lifetime: 1, config },
    { note, clock: systemClock },
  )
  const live = {
    get current() {
      return { ...sender }
    },
    replace: sender.replace,
  }
  const senders = followSender({ certs, config }, live, { now: () => new Date(), note })
  t.teardown(() => senders.close())
  const set = async (yaml: string, files: Readonly<Record<string, string>> = {}) => {
    for (const [name, octets] of Object.entries(files)) await writeFile(join(folder, name), octets)
    await writeFile(config, yaml)
    lines.length = 0
    await Promise.all([following.look(), senders.look()])
  }
  const send = async (id: string, sum: string) => {
    const template = { ...(await openTemplate(t, Buffer.from(text(sum)))), id, types: sender.types }
    const patience = { timeout: 5_000, onWait() {} }
    const sent = sendTemplate(template, new URL(gateway.url), { ...sender, patience })
    return sent.then(
      () => 'delivered',
      fault => fault.problem?.code ?? fault.code,
    )
  }
  await set('')
  t.equal(await send('a', '1'), 'envelope-malformed', 'no such type at the sender yet')

  await set(order('a.xsd'), { 'a.xsd': schema('decimal') })
  t.match(lines.join('\n'), /in use from now on: documents CriticalDocument Order, /)
  t.match(lines.join('\n'), /receivers, documents CriticalDocument Order$/m)
  t.equal(await send('b', '1.5'), 'delivered')
  t.equal(await send('c', 'much'), 'schema-invalid')

  await set(order('a.xsd'), { 'a.xsd': schema('string') })
  t.equal(await send('d', 'much'), 'delivered', 'a schema is followed as the file is that names it')

  const { takenAt } = following.reload
  t.match(following.reload, { isTaken: true })
  await set(order('b.xsd'), { 'b.xsd': '<xs:schema' })
  t.same(following.reload, { takenAt, isTaken: false })
  t.match(
    lines.filter(line => line.startsWith('what changed is not taken')).join('\n'),
    /the schema of Order: .*b\.xsd:1/,
  )
  t.equal(await send('e', 'much'), 'delivered', 'the former stays in use')
  const named = `${order('a.xsd')}partners: [{ id: ${senderId}, documents: [order] }]\n`
  await set(named)
  t.match(
    lines.join('\n'),
    /not taken.*\s*.*:2:1: partner "MINISTRY 1_SEG01": unknown type of documents "order"; known:/,
  )

  const begin = async (id: string) => {
    const octets = await sign(
      { ...(await openTemplate(t, Buffer.from(text('much')))), id, types: sender.types },
      sender.signer,
    )
    const { socket, text: answer, closed } = await connectRaw(t, gateway)
    const head =
      'POST /v1/documents HTTP/1.1\r\nHost: a\r\nConnection: close\r\n' +
      'Expect: 100-continue\r\nContent-Type: application/xml\r\n'
    socket.write(`${head}Content-Length: ${octets.length}\r\n\r\n`)
    socket.write(octets.subarray(0, 50))
    while (!answer().startsWith('HTTP/1.1 100 ')) await pause(2)
    return async () => {
      socket.write(octets.subarray(50))
      await closed
      return answer()
    }
  }
  await set(order('a.xsd'))
  const [first, second] = [await begin('f'), await begin('g')]
  await set(order('a.xsd'), { 'a.xsd': schema('decimal') })
  t.match(await first(), /^HTTP\/1\.1 201 /m, 'it continues under the schema that it began with')
  await set('')
  t.match(await second(), /"code":"document-type"/, 'nothing of a type that is gone is accepted')
  t.equal(await send('h', '1'), 'envelope-malformed')
})
