// What operators read through the API of a receiver that took and refused documents.
import { createHash } from 'node:crypto'
import { until } from '@seg/core/testing/until'
import { hashLeaf, verifyConsistency, verifyInclusion } from '@seg/ledger'
import { type Answer, openListener } from '@seg/operators/testing'
import t from 'tap'
import { call, post } from '../testing/client.ts'
import { makeCerts, makeDocument, openGateway, senderId } from '../testing/gateway.ts'

const certs = await makeCerts(t)
t.test('operators of a receiver', async t => {
  const gateway = await openGateway(t, certs)
  const documents: Buffer[] = []
  for (const id of ['one', 'two', 'three']) {
    const document = await makeDocument(gateway, { id })
    documents.push(document)
    t.equal((await post(gateway, document)).status, 201)
  }
  t.equal((await post(gateway, Buffer.from(documents[0]!.toString().replace('Lunch', 'Dinner')))).status, 422)
  const listener = await openListener(t, certs, {
    data: gateway.data,
    answers: { witnesses: () => gateway.gate.witnesses.list() },
  })
  const viewer = listener.keyOf('viewer')
  const auditor = listener.keyOf('auditor')
  const get = (path: string, key = viewer) => listener.ask('GET', path, key)

  /** The desk takes facts in its own time. */
  const once = (path: string, isThere: (answer: Answer) => boolean) => until(() => get(path), isThere)

  await t.test('documents are listed page by page, forwards and back, each once', async t => {
    const all = await once('/api/v1/documents', ({ json }) => json.data?.length === 3)
    t.same(
      all.json.data.map((row: { document: string }) => row.document),
      ['three', 'two', 'one'],
    )
    t.match(all.json, { next: null, prev: null, data: [{ kind: 'document', outcome: 'accepted', partner: senderId }] })
    const first = await get(`/api/v1/documents?limit=2&partner=${encodeURIComponent(senderId)}`)
    t.equal(first.json.data.length, 2)
    t.equal(first.json.prev, null)
    const second = await get(first.json.next)
    t.match(second.json, { data: [{ document: 'one' }], next: null })
    const back = await get(second.json.prev)
    t.same(back.json.data, first.json.data)
    const cursor = new URL(`https://x${first.json.next}`).searchParams.get('after')
    for (const path of [
      `/api/v1/documents?after=${cursor}`,
      `/api/v1/refusals?limit=2&after=${cursor}`,
      '/api/v1/documents?after=x',
    ])
      t.match(await get(path), { status: 400, json: { code: 'parameter-invalid' } }, path)
  })

  await t.test('each filter that is known counts, and no other is taken', async t => {
    const sha256 = createHash('sha256').update(documents[1]!).digest('hex')
    const [row] = (await once(`/api/v1/documents?sha256=${sha256}`, ({ json }) => json.data?.length === 1)).json.data
    t.match(row, { document: 'two', sha256, tlsVersion: 'TLSv1.3', isRecorded: true, totalTime: Number })
    for (const [name, value] of [
      ['document', 'two'],
      ['certificate', row.certificate],
      ['request', row.request],
      ['address', '127.0.0.1'],
      ['outcome', 'accepted'],
      ['from', row.at],
    ]) {
      const { json } = await get(`/api/v1/documents?${name}=${encodeURIComponent(value!)}`)
      t.ok(
        json.data.some((found: { id: string }) => found.id === row.id),
        name,
      )
    }
    t.same((await get('/api/v1/documents?to=2020-01-01T00:00:00Z')).json.data, [])
    t.same((await get('/api/v1/documents?partner=nobody')).json.data, [])
    for (const query of ['partner=a&colour=red', 'limit=0', 'limit=201', 'sha256=zz', 'from=yesterday', 'offset=3'])
      t.match(await get(`/api/v1/documents?${query}`), { status: 400, json: { code: 'parameter-invalid' } }, query)
  })

  await t.test('a refusal says which check failed, what it expected and found, and what to do', async t => {
    const { json } = await once('/api/v1/refusals?code=signature-digest', answer => answer.json.data?.length === 1)
    const [{ id }] = json.data
    t.match((await get(`/api/v1/refusals/${id}`)).json, {
      fact: { code: 'signature-digest', partner: senderId, outcome: 'refused' },
      explanation: { check: 'signature', remedy: /changed after it was signed/ },
    })
    t.equal((await get('/api/v1/refusals/1')).status, 404)
  })

  await t.test(
    'one document has its receipt and proof; its bytes are for those who may, and leave a record',
    async t => {
      const { json } = await once('/api/v1/documents?document=one', answer => answer.json.data?.length === 1)
      const path = `/api/v1/documents/${json.data[0].index}`
      t.match((await get(path)).json, { document: { id: 'one', sender: senderId }, fact: { document: 'one' } })
      const receipt = await get(`${path}/receipt`)
      t.match(receipt.fields, { 'content-type': 'application/xml', 'content-disposition': /^attachment/ })
      t.equal(receipt.text, (await gateway.gate.ledger.receipt(senderId, 'one'))!.toString())
      const proof = await get(`${path}/proof`)
      t.match(proof.json, { facts: /"document":"one"/, checkpoint: /MINISTRY%202_SEG01/ })
      const leaf = JSON.parse(Buffer.from(proof.json.leaf, 'base64').toString())
      const opened = createHash('sha256').update(Buffer.from(proof.json.nonce, 'base64')).update(proof.json.facts)
      t.equal(leaf.facts, opened.digest('base64'), 'nonce and facts open the entry')
      t.equal((await get(`${path}/bytes`)).status, 404, 'a viewer does not learn that they are there')
      const bytes = await get(`${path}/bytes`, auditor)
      t.equal(bytes.text, documents[0]!.toString())
      t.match(bytes.fields, { 'content-type': 'application/octet-stream', 'content-disposition': /attachment/ })
      const [denied, intent, given] = listener.records().slice(-3)
      t.match(
        [denied, intent, given],
        [
          { action: 'authorization.denied', on: { id: 'GET /api/v1/documents/:index/bytes' } },
          { action: 'document.bytes-exported', outcome: 'pending' },
          { outcome: 'success', actor: { role: 'auditor', method: 'api-key' }, on: { id: `one of ${senderId}` } },
        ],
      )
      for (const other of ['999999', '-1', 'one', '1.5', '1e3'])
        t.ok([400, 404].includes((await get(`/api/v1/documents/${other}`)).status), other)
    },
  )

  await t.test('the log is listed from its end, and its entries open', async t => {
    const { json } = await get('/api/v1/log?limit=3')
    t.equal(json.data.length, 3)
    const pages = [json.data]
    for (let { next } = json; next !== null; ) {
      const page = await get(next)
      pages.push(page.json.data)
      next = page.json.next
    }
    const indexes = pages.flat().map((entry: { index: number }) => entry.index)
    t.same(
      indexes,
      Array.from({ length: indexes[0]! + 1 }, (_, i) => indexes[0]! - i),
      'each once, to the first',
    )
    const second = await get(json.next)
    t.same((await get(second.json.prev)).json.data, json.data)
    const accepted = pages.flat().find((entry: { event: { type: string } }) => entry.event.type === 'accepted')
    t.match((await get(`/api/v1/log/${accepted.index}`)).json, { event: { type: 'accepted', sender: senderId } })
    t.match((await get('/api/v1/log/checkpoint')).text, /^MINISTRY%202_SEG01/)
    t.equal((await get('/api/v1/log/100000')).status, 404)
    const { leaf, proof, checkpoint } = (await get(`/api/v1/log/${accepted.index}/proof`)).json
    const [, size, root] = checkpoint.split('\n')
    verifyInclusion({
      leafHash: hashLeaf(Buffer.from(leaf, 'base64')),
      index: accepted.index,
      proof: proof.map((hash: string) => Buffer.from(hash, 'base64')),
      tree: { size: Number(size), root: Buffer.from(root, 'base64') },
    })
    t.ok(proof.length > 1, 'its path leads to the root of the checkpoint')
    t.equal((await get('/api/v1/log/100000/proof')).status, 404)
  })

  await t.test('statistics count by the minute and by partner, within bounds', async t => {
    const counted = await once('/api/v1/stats', ({ json }) =>
      json.data?.some((row: { outcome: string; events: number }) => row.outcome === 'accepted' && row.events >= 3),
    )
    t.match(counted.json, { step: 1, data: Array })
    const partners = (await get('/api/v1/stats/partners')).json.data
    t.match(
      partners.find((row: { outcome: string }) => row.outcome === 'accepted'),
      { partner: senderId, events: 3 },
    )
    t.equal((await get('/api/v1/stats?from=2020-01-01T00:00:00Z')).status, 400, 'too many steps')
    t.equal((await get('/api/v1/stats?from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z')).status, 400)
    t.equal((await get('/api/v1/stats?partner=nobody')).json.data.length, 0)
  })

  await t.test('search recognizes whatever an operator has in hand', async t => {
    const [row] = (await once('/api/v1/documents?document=two', ({ json }) => json.data?.length === 1)).json.data
    const digest = Buffer.from(row.sha256, 'hex').toString('base64')
    const colons = row.certificate.toUpperCase().match(/../g).join(':')
    for (const [as, q] of [
      ['document', 'two'],
      ['partner', senderId],
      ['sha256', row.sha256],
      ['sha256', row.sha256.toUpperCase()],
      ['sha256', digest],
      ['certificate', colons],
      ['index', `${row.index}`],
      ['request', row.request],
      ['request', row.request.slice('urn:uuid:'.length)],
    ]) {
      const { json } = await get(`/api/v1/search?q=${encodeURIComponent(q)}`)
      const found = json.results.find((result: { as: string }) => result.as === as)
      t.ok(
        found?.data.some((fact: { id: string }) => fact.id === row.id),
        `${as} ${q}`,
      )
    }
    t.same((await get('/api/v1/search?q=%27%20OR%201%3D1')).json, { results: [] })
    t.equal((await get('/api/v1/search?q=')).status, 400)
  })

  await t.test('the audit trail is read by those who may, page by page', async t => {
    t.equal((await get('/api/v1/audit')).status, 403)
    const first = await get('/api/v1/audit?limit=1', auditor)
    t.match(first.json, { data: [{ number: Number, record: { action: 'authorization.denied' } }], prev: null })
    const second = await get(first.json.next, auditor)
    t.equal(second.json.data[0].number, first.json.data[0].number - 1)
    t.same((await get(second.json.prev, auditor)).json.data, first.json.data)
    t.match((await get(`/api/v1/audit/${first.json.data[0].number}`, auditor)).json, first.json.data[0])
    t.equal((await get('/api/v1/audit/999999', auditor)).status, 404)
  })

  await t.test('sessions and keys are listed, made and ended, each with its records', async t => {
    const { access } = listener
    const session = listener.sessionOf('viewer')
    const administrator = listener.keyOf('administrator')
    const ask = (method: string, path: string, body?: object, key = administrator) =>
      listener.ask(method, path, key, body && JSON.stringify(body))
    const [{ id }] = (await ask('GET', '/api/v1/sessions')).json.data
    t.match((await ask('DELETE', `/api/v1/sessions/${id}`)).json, { id, revoked: true })
    t.equal((await get('/api/v1/me', session as never)).status, 401)
    t.equal((await ask('DELETE', `/api/v1/sessions/${id}`)).status, 404)
    const made = await ask('POST', '/api/v1/api-keys', { name: 'monitoring', role: 'viewer', days: 1 })
    t.match(await get('/api/v1/me', { authorization: `Bearer ${made.json.key}` } as never), {
      json: { role: 'viewer' },
    })
    t.equal((await ask('POST', '/api/v1/api-keys', { name: 'x', role: 'king', days: 1 })).status, 400)
    const listed = await ask('GET', '/api/v1/api-keys')
    t.match(
      listed.json.data.find((key: { id: string }) => key.id === made.json.id),
      { state: 'active', name: 'monitoring' },
    )
    t.notMatch(listed.text, made.json.key)
    await ask('DELETE', `/api/v1/api-keys/${made.json.id}`)
    t.equal((await get('/api/v1/me', { authorization: `Bearer ${made.json.key}` } as never)).status, 401)
    t.match(
      access.keys().find(key => key.id === made.json.id),
      { revokedAt: Number },
    )
    const actions = listener.records().filter(({ outcome }) => outcome === 'success')
    for (const action of [
      'authentication.session-revoked',
      'authorization.api-key-made',
      'authorization.api-key-revoked',
    ])
      t.ok(
        actions.some(record => record.action === action),
        action,
      )
  })

  await t.test('dead letters are listed with their reason, page by page, and shown with their tries', async t => {
    const { json } = await once('/api/v1/documents', answer => answer.json.data?.length === 3)
    const indexes: number[] = json.data.map((row: { index: number }) => row.index)
    t.same((await get('/api/v1/dead-letters')).json, { data: [], next: null, prev: null })
    const { ledger, desk } = gateway.gate
    for (const index of indexes.toReversed())
      await ledger.giveUp(`webhook ${senderId}`, index, '2026-11-28T12:00:00.000Z', 'it answered 422')
    const first = await get('/api/v1/dead-letters?limit=2')
    t.match(first.json, {
      data: [
        { index: indexes[0], target: 'webhook', partner: senderId, reason: 'it answered 422' },
        { document: 'two' },
      ],
      prev: null,
    })
    const second = await get(first.json.next)
    t.match(second.json, { data: [{ document: 'one' }], next: null })
    t.equal(second.json.data.length, 1)
    const back = await get(second.json.prev)
    t.same(back.json, { ...first.json, prev: null })
    t.equal((await get(`${back.json.next}&limit=x`)).status, 400)
    const given = { kind: 'hand-off', outcome: 'given-up', target: 'webhook', partner: senderId } as const
    desk.note({ ...given, at: Date.now(), document: 'three', detail: 'it answered 422' })
    const path = `/api/v1/dead-letters/${indexes[0]}`
    t.match((await once(path, answer => answer.json.tries?.length === 1)).json, {
      data: [{ document: 'three', at: '2026-11-28T12:00:00.000Z' }],
      tries: [{ outcome: 'given-up', detail: 'it answered 422' }],
    })
    t.equal((await get('/api/v1/dead-letters/999999')).status, 404)
  })

  await t.test('the latest checkpoint is proven to continue an older one', async t => {
    const older = (await get('/api/v1/log/checkpoint')).text.split('\n')
    t.equal((await post(gateway, await makeDocument(gateway, { id: 'four' }))).status, 201)
    const { proof, checkpoint } = (await get(`/api/v1/log/consistency?from=${older[1]}`)).json
    const newer = checkpoint.split('\n')
    const headOf = ([, size, root]: string[]) => ({ size: Number(size), root: Buffer.from(root!, 'base64') })
    t.ok(headOf(newer).size > headOf(older).size)
    const hashes = proof.map((hash: string) => Buffer.from(hash, 'base64'))
    verifyConsistency(headOf(older), headOf(newer), hashes)
    t.throws(() => verifyConsistency({ ...headOf(older), root: headOf(newer).root }, headOf(newer), hashes))
    t.same((await get(`/api/v1/log/consistency?from=${newer[1]}`)).json.proof, [], 'it continues itself')
    t.equal((await get('/api/v1/log/consistency?from=100000')).status, 404)
    for (const query of ['', '?from=0', '?from=x'])
      t.equal((await get(`/api/v1/log/consistency${query}`)).status, 400, query)
  })

  await t.test('who reads the log is a witness, with when, and how much of it they have seen', async t => {
    const before = await get('/api/v1/log/witnesses')
    t.match(before.json, { data: [], size: Number })
    await call(gateway, { path: '/v1/log/checkpoint' })
    const size = Number((await get('/api/v1/log/checkpoint')).text.split('\n')[1])
    const { json } = await get('/api/v1/log/witnesses')
    t.match(json, { data: [{ partner: senderId, size }], size })
    t.ok(Math.abs(Date.parse(json.data[0].readAt) - gateway.gate.now().getTime()) < 600_000)
    t.equal((await post(gateway, await makeDocument(gateway, { id: 'five' }))).status, 201)
    t.match((await get('/api/v1/log/witnesses')).json, { data: [{ partner: senderId, size }], size: size + 1 })
  })

  await t.test('nothing of the listener is left waiting', async t => {
    t.same(listener.complaints, [])
  })
})
