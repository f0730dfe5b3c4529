import t from 'tap'
import { openBlockingKey } from './blocking-token-key.ts'

const dying = new URL('../testing/dying-token-thread.ts', import.meta.url)
const uri = 'pkcs11:token=a;object=b?module-path=/none/hsm.so&pin-source=file:/none/pin'
const method = { kind: 'ec', hash: 'sha256' } as const

t.test('a thread that ends in the middle of a signature is known by its end, and the next is another', async t => {
  for (const [path, status] of [
    ['exit.key', 3],
    ['error.key', 1],
  ] as const) {
    const key = openBlockingKey({ path, uri }, dying)
    const ended = new RegExp(`${path}: the thread that asks the token has ended with status ${status}`)
    t.throws(() => key.signNow(Buffer.from('x'), method), ended, path)
    t.throws(() => key.signNow(Buffer.from('x'), method), ended, `${path}: another thread is asked`)
    key.end()
  }
})

t.test('one that never begins says why nothing is signed', async t => {
  const key = openBlockingKey({ path: 'seal.key', uri: 'no address' })
  t.throws(() => key.signNow(Buffer.from('x'), method), /seal\.key: the thread .* has ended/)
  key.end()
})
