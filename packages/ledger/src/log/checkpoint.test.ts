// Checkpoints as C2SP writes them, and what is none.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { openCheckpoint, openCheckpointSigner, parseVerifierKey } from './checkpoint.ts'
import { hashLeaf } from './merkle.ts'

// The example key of C2SP signed-note and Go's sumdb/note.
const VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'

const { privateKey } = generateKeyPairSync('ed25519')
const raw = createPublicKey(privateKey).export({ format: 'jwk' }).x!
const name = 'MINISTRY%202_SEG01'
const head = { size: 12, root: hashLeaf(Buffer.from('a')) }

function vkeyOf(keyName: string, x: string): string {
  const note = openCheckpointSigner({ name: keyName, privateKey })(head)
  const hash = Buffer.from(note.split(' ').at(-1)!, 'base64').subarray(0, 4).toString('hex')
  return `${keyName}+${hash}+${Buffer.concat([Buffer.of(1), Buffer.from(x, 'base64url')]).toString('base64')}`
}
const verifier = parseVerifierKey(vkeyOf(name, raw))

t.test('reads the published example of a verifier key', async t => {
  t.equal(parseVerifierKey(VKEY).name, 'PeterNeumann')
  t.equal(parseVerifierKey(`${VKEY}\n`).hash.toString('hex'), 'c74f20a3')
})

t.test('refuses what is no verifier key', async t => {
  for (const text of [
    '',
    'a',
    VKEY.replace('c74f20a3', 'c74f20a4'),
    VKEY.replace('PeterNeumann', 'Peter Neumann'),
    VKEY.replace('+ARpc', '+AhPc'),
    `${VKEY} `,
    VKEY.slice(0, -4),
  ])
    t.throws(() => parseVerifierKey(text), { code: 'configuration' }, text)
})

t.test('a checkpoint is an origin, a size, a root and a signature, and opens', async t => {
  const note = openCheckpointSigner({ name, privateKey })(head)
  t.match(note, /^MINISTRY%202_SEG01\n12\n[A-Za-z0-9+/]{43}=\n\n\u2014 MINISTRY%202_SEG01 [A-Za-z0-9+/]+=*\n$/)
  t.same(openCheckpoint(note, verifier), head)
})

t.test('a size is that of a log whose tiles can be named, whatever was signed', async t => {
  const sign = openCheckpointSigner({ name, privateKey })
  t.match(openCheckpoint(sign({ ...head, size: 2 ** 48 }), verifier), { size: 2 ** 48 })
  for (const size of [2 ** 48 + 1, 2 ** 53 - 1, 2 ** 53, 9_999_999_999_999_998])
    t.throws(() => openCheckpoint(sign({ ...head, size }), verifier), { code: 'log-invalid' }, `${size}`)
})

t.test('lines of later versions and signatures of witnesses are let stand', async t => {
  const note = openCheckpointSigner({ name, privateKey })(head)
  t.same(openCheckpoint(`${note}\u2014 witness.example AAAAAAAAAAA=\n`, verifier), head)
})

t.test('refuses what is changed, cut, unsigned, of another log or signed by another', async t => {
  const note = openCheckpointSigner({ name, privateKey })(head)
  const other = createPrivateKey(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }))
  const changes = {
    'another size': note.replace('\n12\n', '\n13\n'),
    'a size with a zero in front': note.replace('\n12\n', '\n012\n'),
    'another root': note.replace(/\n12\n./, '\n12\nX'),
    'no signature': note.slice(0, note.indexOf('\u2014')),
    'no last line end': note.slice(0, -1),
    'another key': openCheckpointSigner({ name, privateKey: other })(head),
    'another log': openCheckpointSigner({ name: 'other', privateKey })(head),
    nothing: '',
    'a carriage return': note.replace('\n', '\r\n'),
  }
  for (const [what, text] of Object.entries(changes))
    t.throws(() => openCheckpoint(text, verifier), { code: 'log-invalid' }, what)
  for (let at = 0; at < note.length; at++) {
    const changed = note.slice(0, at) + String.fromCharCode(note.charCodeAt(at) ^ 1) + note.slice(at + 1)
    t.throws(() => openCheckpoint(changed, verifier), { code: 'log-invalid' }, `character ${at}`)
  }
})

t.test('a note signed for another origin than the key is named for is refused', async t => {
  const note = openCheckpointSigner({ name: 'other', privateKey })(head)
  const renamed = note.replace('\u2014 other', `\u2014 ${name}`)
  t.throws(() => openCheckpoint(renamed, verifier), { code: 'log-invalid' })
})

t.test('a name that would break a note is a mistake of ours', async t => {
  for (const bad of ['', 'a b', 'a+b', 'a\nb'])
    t.throws(() => openCheckpointSigner({ name: bad, privateKey })(head), TypeError)
})
