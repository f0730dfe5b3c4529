import t from 'tap'
import type { Answer } from './connection.ts'
import { readProblem } from './problem.ts'

const answer = (status: number, body: unknown, mediaType = 'application/problem+json') => {
  return { status, mediaType, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) } as Answer
}

t.test("takes a code of the registry, with the registry's sentence and not the peer's", async t => {
  const problem = readProblem(answer(409, { code: 'document-id-conflict', title: 'trust me', detail: 'really' }))
  t.match(problem, {
    code: 'document-id-conflict',
    sentence: 'Another document with the same id was accepted from this sender before.',
  })
})

t.test('takes no code that does not fit the status or that the registry does not have', async t => {
  for (const code of ['signature-digest', 'receipt-invalid', 'toString', '__proto__', '', 7, null, {}]) {
    t.equal(readProblem(answer(409, { code })).code, 'delivery-refused', String(code))
  }
})

t.test('quotes what else the peer says, escaped and cut', async t => {
  const { sentence } = readProblem(answer(418, { code: 'tea', title: '\u001b[2J\u202e', detail: 'x'.repeat(500) }))
  t.match(sentence, /418.*"tea".*"\\u001b\[2J\\u202e"/)
  t.notMatch(sentence, '\u001b')
  t.ok(sentence.length < 300)
})

t.test('reads a refusal without a readable problem as one without a reason', async t => {
  const bodies = ['', '{', 'null', '[]', '"text"', '7']
  for (const body of bodies)
    t.match(readProblem(answer(400, body)), { code: 'delivery-refused', sentence: /without a reason/ }, body)
  t.match(
    readProblem(answer(400, { code: 'xml-malformed' }, 'text/html')),
    { code: 'delivery-refused' },
    'another media type',
  )
  t.match(readProblem({ ...answer(400, ''), body: undefined }), { code: 'delivery-refused' }, 'a body too long to read')
})
