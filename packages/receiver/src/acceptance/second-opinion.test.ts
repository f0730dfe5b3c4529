import { setTimeout as pause } from 'node:timers/promises'
import { verifyDocument } from '@seg/xmldsig'
import t from 'tap'
import { post, refusalOf } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway, senderId, type TestGateway } from '../testing/gateway.ts'
import { openSecondOpinion } from './second-opinion.ts'

const certs = await makeCerts(t)

/**
 * xml-crypto sorts prefixes as people do, XML-C14N 2.2 as machines do: they digest different
 * octets.
 */
const disputed = '<x xmlns:a="urn:a" xmlns:B="urn:b" a:q="1" B:q="2"/>'
const notValid = /second-opinion: xml-crypto does not find the signature valid: /

t.test('off: nobody is asked', async t => {
  const gateway = await openGateway(t, certs)
  t.equal((await post(gateway, await makeDocument(gateway, { payload: disputed }))).status, 201)
  t.match(gateway.log.at(-1), { level: 30, msg: /accepted: signature valid$/ })
})

t.test('report: disagreement is an alarm in the log, and the document is accepted', async t => {
  const gateway = await openGateway(t, certs, { secondOpinion: 'report' })
  t.equal((await post(gateway, await makeDocument(gateway, { id: 'agreed' }))).status, 201)
  t.match(gateway.log.at(-1), { level: 30, msg: /accepted: signature valid$/ })
  t.equal((await post(gateway, await makeDocument(gateway, { payload: disputed }))).status, 201)
  t.match(gateway.log.at(-1), {
    level: 50,
    outcome: 'accepted',
    code: 'second-opinion',
    msg: /"doc123" .* accepted: signature valid; but second-/,
  })
  t.match(gateway.log.at(-1)?.msg, notValid)
})

t.test('require: disagreement is a refusal and an alarm', async t => {
  const gateway = await openGateway(t, certs, { secondOpinion: 'require' })
  t.equal((await post(gateway, await makeDocument(gateway, { id: 'agreed' }))).status, 201)
  t.equal(refusalOf(await post(gateway, await makeDocument(gateway, { payload: disputed }))), '422 second-opinion')
  t.match(gateway.log.at(-1), {
    level: 50,
    outcome: 'refused',
    code: 'second-opinion',
    msg: /refused: signature valid; second-opinion: /,
  })
  t.match(gateway.log.at(-1)?.msg, notValid)
})

t.test('agreement makes nothing acceptable that was refused', async t => {
  const gateway = await openGateway(t, certs, { secondOpinion: 'require' })
  // xml-crypto finds the signature over a document with a comment valid: a Reference does not cover
  // comments.
  const commented = (await makeDocument(gateway)).toString().replace('Lunch', '<!-- -->Lunch')
  t.equal(refusalOf(await post(gateway, Buffer.from(commented))), '400 xml-comment')
  t.equal(refusalOf(await post(gateway, await makeDocument(gateway, { to: 'SOMEBODY ELSE' }))), '422 receiver-mismatch')
})

t.test('a document too large to ask about is refused with require, and not asked about with report', async t => {
  const bytes = 2000
  const required = await openGateway(t, certs, { secondOpinion: 'require', opinionBytes: bytes })
  const spare = bytes - (await makeDocument(required, { payload: '' })).length
  t.equal(
    (await post(required, await makeDocument(required, { id: 'doc001', payload: 'x'.repeat(spare) }))).status,
    201,
  )
  const larger = await makeDocument(required, { payload: 'x'.repeat(spare + 1) })
  t.equal(refusalOf(await post(required, larger)), '422 second-opinion')
  t.match(required.log.at(-1)?.msg, /expected at most 2000 bytes to ask xml-crypto about, found 2001/)
  const reported = await openGateway(t, certs, { secondOpinion: 'report', opinionBytes: bytes })
  t.equal((await post(reported, larger)).status, 201)
  t.match(reported.log.at(-1), { level: 30 })
})

t.test('one that cannot finish is stopped, holds nobody up, and the next question is answered', async t => {
  const gateway = await openGateway(t, certs, { secondOpinion: 'require', opinionTime: 2000 })
  const slow = await makeDocument(gateway, { id: 'slow', payload: '<a/>'.repeat(60_000) })
  const asked = post(gateway, slow)
  let answered = 0
  while ((await Promise.race([asked, gap()])) === undefined) answered++
  t.equal(refusalOf(await asked), '422 second-opinion')
  t.match(gateway.log.at(-1)?.msg, /xml-crypto could not finish: it took more than 2000 ms/)
  t.ok(answered > 50, `the event loop turned ${answered} times`)
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
})

t.test('asks all questions of a partner, and can be asked again after it was closed', async t => {
  const gateway = await openGateway(t, certs)
  const opinion = openSecondOpinion('report', 5000)
  t.teardown(() => opinion.close())
  const good = await question(gateway, 'Lunch')
  const bad = await question(gateway, disputed)
  const answers = await Promise.allSettled([good, bad, good, bad].map(each => opinion.ask(senderId, each)))
  t.same(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected'],
  )
  await opinion.close()
  await opinion.ask(senderId, good)
})

t.test("one partner's slow documents hold up no other partner's", async t => {
  const gateway = await openGateway(t, certs)
  const opinion = openSecondOpinion('require', 3000)
  t.teardown(() => opinion.close())
  const quick = await question(gateway, 'Lunch')
  const slow = await question(gateway, '<a/>'.repeat(60_000))
  // Each partner's thread is there.
  await Promise.all([opinion.ask('A', quick), opinion.ask('B', quick)])
  const idle = await timesOf(20, () => opinion.ask('B', quick))
  let answered = 0
  const asked = Array.from({ length: 12 }, () => opinion.ask('A', slow).catch(fault => fault.code))
  for (const each of asked) each.then(() => answered++)
  const beside = await timesOf(20, () => opinion.ask('B', quick))
  t.ok(answered < 12, 'slow ones are under way')
  t.ok(beside.p90 <= 10 * idle.p90 + 20, `p90 ${beside.p90} ms, idle ${idle.p90} ms`)
  t.ok(
    (await Promise.all(asked)).filter(code => code === 'overloaded').length >= 9,
    'what may not wait is refused at once',
  )
})

t.test('require: when too much waits the partner may try again; report: the document is accepted unasked', async t => {
  const slow = '<a/>'.repeat(60_000)
  for (const mode of ['require', 'report'] as const) {
    const gateway = await openGateway(t, certs, { secondOpinion: mode, opinionTime: 500 })
    const documents = await Promise.all(
      Array.from({ length: 8 }, (_, i) => makeDocument(gateway, { id: `doc${i}`, payload: slow })),
    )
    const answers = await Promise.all(documents.map(document => post(gateway, document)))
    const refused = answers.filter(({ status }) => status === 503)
    const unasked = gateway.log.filter(({ msg }) => /accepted: signature valid; no second opinion: \d second/.test(msg))
    t.equal(refused.length > 0, mode === 'require')
    t.equal(unasked.length > 0, mode === 'report')
    for (const answer of refused) t.match([refusalOf(answer), answer.headers['retry-after']], ['503 overloaded', /\d/])
    t.match(unasked.at(-1)?.msg, mode === 'report' ? /; \d not taken since the start$/ : undefined)
  }
})

async function timesOf(count: number, work: () => Promise<unknown>): Promise<{ p90: number }> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const begin = performance.now()
    await work()
    times.push(performance.now() - begin)
  }
  return { p90: times.sort((one, other) => one - other)[Math.floor(0.9 * count)]! }
}

async function question(gateway: TestGateway, payload: string) {
  const document = await makeDocument(gateway, { payload })
  const { certificate } = gateway.sender
  const { digestAlgorithm, digest } = verifyDocument(document, certificate).signature
  return { document, certificate: certificate.raw, digestAlgorithm, digest }
}

function gap(): Promise<undefined> {
  return pause(10, undefined)
}
