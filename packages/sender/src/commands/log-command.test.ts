// Partners compare what they have seen of one receiver's log: the command line, over real TLS where
// a proof is fetched.
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openOutbox, sight } from '@seg/ledger'
import t from 'tap'
import { sendTemplate } from '../delivery/send.ts'
import { loadReceiptTrust } from '../receipt/check-log-entry.ts'
import { readCheckpointFile } from '../receipt/checkpoint-files.ts'
import { compareSightings } from '../receipt/compare-checkpoints.ts'
import { logOf } from '../testing/foreign-log.ts'
import { accept, startReceiver } from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder, openInput, openSender } from '../testing/gateways.ts'
import { runSender } from '../testing/run-sender.ts'

const certs = await makeCerts(t)
const log = logOf(certs)
const { logs: verifiers } = await loadReceiptTrust(certs)
const receiver = await startReceiver(t, certs, accept(certs))

/** A partner with a data folder of its own that has delivered a document. */
async function makePartner(id: string) {
  const data = await makeFolder(t)
  const send = async (name: string) => {
    await using sender = await openSender(certs, data)
    const input = await openInput(t, makeDocument({ id: name }))
    await sendTemplate({ file: `${name}.xml`, input, id: undefined, stripComments: false }, receiver.url, sender)
  }
  await send(id)
  const run = async (...args: string[]) => {
    const { exitCode, stdout } = await runSender(data, ['log', ...args, '--data', data, '--json'])
    return { exitCode, ...JSON.parse(stdout) }
  }
  return { data, send, run }
}

const noteOf = (leaves: readonly string[]) => {
  log.leaves = leaves.map(leaf => Buffer.from(leaf))
  return log.prove(0).then(({ checkpoint }) => checkpoint)
}

t.test('two trees of one size with different roots are a split view at once', async t => {
  const [one, other] = [await noteOf(['a', 'b']), await noteOf(['a', 'c'])]
  const sightings = [sight('ours', [one], verifiers), sight('theirs', [other], verifiers)]
  t.match(await compareSightings(sightings), [{ split: { reason: /2 entries with different roots/ } }])
})

t.test('a log is one under all of its keys, until it has ended', async t => {
  const other = await makeCerts(t)
  const { logs: others } = await loadReceiptTrust(other)
  const both = [...verifiers, ...others]
  const after = logOf(other)
  after.leaves = ['a', 'c'].map(leaf => Buffer.from(leaf))
  const [before, next] = [await noteOf(['a', 'b']), (await after.prove(0)).checkpoint]
  const sightings = [sight('ours', [before], both), sight('theirs', [next], both)]
  t.match(await compareSightings(sightings), [{ split: { reason: /2 entries with different roots/ } }])
  const ended = new Set(sightings[0]!.checkpoints.map(checkpoint => checkpoint.log))
  t.same(await compareSightings(sightings, undefined, ended), [], 'nobody else has seen it')
})

t.test('parties are those that were given, under any file names, and one may contradict itself', async t => {
  const [one, other] = [await noteOf(['a', 'b']), await noteOf(['a', 'c'])]
  const split = [{ split: { reason: /2 entries with different roots/ } }]
  t.match(await compareSightings([sight('ours', [one], verifiers), sight('ours', [other], verifiers)]), split)
  t.match(await compareSightings([sight('seen.json', [one, other], verifiers)]), split)
})

t.test('reads a file of a partner in linear time, for any content', async t => {
  const file = join(await makeFolder(t), 'long')
  const note = await noteOf(['a', 'b'])
  for (const junk of ['a\n', 'a', '\n', '\u2014 x y\n', 'a\n\n']) {
    await writeFile(file, `${junk.repeat(300_000)}\n\n${note}`)
    const start = process.cpuUsage()
    const { checkpoints } = await readCheckpointFile(file, verifiers)
    t.match(checkpoints, [{ size: 2 }])
    t.ok(process.cpuUsage(start).user < 5_000_000, 'not the square of it')
  }
})

t.test('is complete when the shorter view ends at a size that the longer one has', async t => {
  const notes = [await noteOf(['a']), await noteOf(['a', 'b']), await noteOf(['a', 'b', 'c'])]
  const compare = (ours: readonly number[], theirs: readonly number[]) =>
    compareSightings(
      [ours, theirs].map((sizes, i) =>
        sight(
          `${i}`,
          sizes.map(size => notes[size - 1]!),
          verifiers,
        ),
      ),
    )
  t.match(await compare([1, 2, 3], [2]), [{ isComplete: true, comparedUpTo: 2, split: undefined }])
  t.match(await compare([1, 3], [1, 2]), [{ isComplete: false, comparedUpTo: 1 }])
  t.match(await compare([3], [2]), [{ isComplete: false, comparedUpTo: undefined }])
})

t.test('accepts a checkpoint for its signature alone', async t => {
  const note = await noteOf(['a', 'b'])
  const forged = note.replace('\n2\n', '\n3\n')
  t.match(sight('x', [note, forged], verifiers), { checkpoints: [{ size: 2 }], strangers: [/no key in log.pub/] })
  t.same(sight('x', [note.replaceAll('MINISTRY', 'MYSTERY')], verifiers), {
    source: 'x',
    checkpoints: [],
    strangers: [],
  })
  const folder = await makeFolder(t)
  await writeFile(join(folder, 'note'), `${note}${await noteOf(['a'])}`)
  t.match(await readCheckpointFile(join(folder, 'note'), verifiers), { checkpoints: [{ size: 2 }, { size: 1 }] })
  for (const text of ['', '{"logs":7}', '{', '{"logs":[{"checkpoints":[{"note":7},null]}]}', 'x']) {
    await writeFile(join(folder, 'bad'), text)
    await t.rejects(readCheckpointFile(join(folder, 'bad'), verifiers), { code: 'log-invalid' }, text)
  }
})

t.test('sender log show, compare: the exports of partners, offline and with proofs', { timeout: 600_000 }, async t => {
  log.leaves = []
  const ours = await makePartner('a')
  const partner = await makePartner('b')
  const file = join(partner.data, 'seen.json')
  t.match(await partner.run('show', '--out', file), {
    exitCode: 0,
    logs: [{ remembered: { size: 2 }, checkpoints: [{ size: 2, note: /\n2\n/, seenAt: /Z$/ }] }],
  })
  t.match(JSON.parse(await readFile(file, 'utf8')), { logs: [{ checkpoints: [{ size: 2 }] }] })
  const compare = (...args: string[]) => ours.run('compare', file, '--certs', certs, ...args)
  t.match(await compare(), { exitCode: 4, ok: false, code: 'log-not-comparable', detail: /not comparable offline/ })
  t.match(await compare('--to', receiver.url.origin), { exitCode: 0, ok: true, logs: [{ isComplete: true }] })
  await ours.send('c')
  t.match(await compare('--to', receiver.url.origin), { exitCode: 0, logs: [{ comparedUpTo: 3 }] })

  // The receiver shows another partner another log.
  log.leaves = [Buffer.from('another')]
  const misled = await makePartner('d')
  const seen = join(misled.data, 'seen.json')
  await misled.run('show', '--out', seen)
  t.match(await partner.run('compare', seen, '--certs', certs), {
    exitCode: 6,
    code: 'log-split',
    detail: /different roots/,
  })
  const [place = ''] = await readdir(join(partner.data, 'evidence'))
  t.match(place, /^split-/)
  t.same((await readdir(join(partner.data, 'evidence', place))).sort(), [
    'evidence.json',
    'one.checkpoint',
    'other.checkpoint',
  ])
})

t.test('proofs come from a receiver that is held to its own CAs, as its deliveries are', async t => {
  const theirs = await makeCerts(t)
  const server = await startReceiver(t, theirs, accept(theirs), { trusting: certs })
  const served = logOf(theirs)
  const [data, seen] = [await makeFolder(t), await makeFolder(t)]
  const files = await Promise.all(
    ['a', 'b'].map(async (leaf, i) => {
      served.leaves.push(Buffer.from(leaf))
      const path = join(seen, `${i}.checkpoint`)
      await writeFile(path, (await served.prove(0)).checkpoint)
      return path
    }),
  )
  await (await openOutbox(data)).close()
  const ours = await makeFolder(t)
  await cp(certs, ours, { recursive: true })
  await cp(join(theirs, 'log.pub'), join(ours, 'log.pub'))
  const config = join(ours, 'seg.yaml')
  const compare = async (record: string) => {
    await writeFile(config, record)
    const places = ['--certs', ours, '--data', data, '--config', config, '--to', server.url.origin]
    const { exitCode, stdout } = await runSender(ours, ['log', 'compare', ...files, ...places, '--json'])
    return { exitCode, ...JSON.parse(stdout) }
  }
  const trust = `{ anchors: "${theirs}/ca.crt" }`
  const record = `receivers: [{ id: MINISTRY 2_SEG01, url: "https://localhost:1", trust: ${trust} }]`
  t.match(await compare(record), { exitCode: 0, logs: [{ isComplete: true, comparedUpTo: 2 }] })
  t.match(await compare(''), { exitCode: 5, code: 'certificate-invalid' }, 'ca.crt does not speak for it')
})

t.test('sender log end: says so when nothing is known of a log', async t => {
  const data = await makeFolder(t)
  const { exitCode, stdout } = await runSender(data, ['log', 'end', 'x+00000000', '--data', data, '--json'])
  t.match({ exitCode, ...JSON.parse(stdout) }, { exitCode: 5, code: 'not-found' })
})
