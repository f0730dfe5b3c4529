// Every durable write of a sender, fatal or failed, one at a time: sent again, the document is at
// the receiver once, and its receipt is here.
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openOutbox } from '../../packages/ledger/src/index.ts'
import {
  countCalls,
  injectionOf,
  noStrace,
  overPoints,
  runTraced,
  type Steps,
} from '../../packages/ledger/src/testing/fault-points.ts'
import { loadReceiptTrust } from '../../packages/sender/src/receipt/check-log-entry.ts'
import { checkStoredReceipt } from '../../packages/sender/src/receipt/check-receipt.ts'
import { makePartner } from '../support/client.ts'
import { root, runCommand, startReceiver } from '../support/commands.ts'

/** Calls that change what is on the disk, and whether they are so many that some will do. */
const calls: Steps = { pwrite64: 6, fsync: 1, rename: 1, unlink: 1, mkdir: 1, ftruncate: 1 }
/**
 * Of the ones a sender also makes to talk, or to look at what it knows already, none is made to
 * fail.
 */
const fatalCalls: Steps = { ...calls, write: 6 }
const script = join(root, 'packages/sender/src/main.ts')

t.test(
  'a sender that is killed, or cannot write, at any moment has sent nothing twice and lost nothing',
  { skip: noStrace },
  async t => {
    const folder = await mkdtemp(join(tmpdir(), 'seg-send-'))
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    const [certs, received, used] = ['certs', 'receiver', 'used'].map(name => join(folder, name)) as [
      string,
      string,
      string,
    ]
    await makePartner(certs)
    const receiver = await startReceiver(t, ['--certs', certs, '--data', received])
    const send = (id: string, data: string) => [
      'send',
      ...[join(root, 'sample_document.xml'), '--id', id, '--to', receiver.url.origin],
      ...['--certs', certs, '--data', data, '--json'],
    ]
    // Another document was delivered before: there is an outbox, and a checkpoint to compare with.
    t.equal((await runCommand('sender', send('first', used))).exitCode, 0)

    const ids = ['first', 'clean']
    const trust = await loadReceiptTrust(certs)
    /**
     * What does not hold in an outbox after the document was sent, once at least and to its end.
     */
    const checkOutbox = async (data: string, id: string): Promise<string | undefined> => {
      const outbox = await openOutbox(data)
      const entries = await outbox.findDocument(id)
      const receipts = await Promise.all(entries.map(({ number }) => outbox.receipt(number)))
      await outbox.close()
      const [receipt] = receipts
      if (entries.length !== 1 || receipt === undefined) return `entries: ${entries.map(({ state }) => state)}`
      const sent = await readFile(join(data, entries[0]!.document.path))
      checkStoredReceipt(receipt, createHash('sha256').update(sent).digest(), trust)
      return undefined
    }
    /** The command with one call injected, then as it is. */
    const sendTwice = async (
      id: string,
      injection: readonly string[],
    ): Promise<{ wrong: string | undefined; exitCode: number | null }> => {
      ids.push(id)
      const data = join(folder, id)
      await cp(used, data, { recursive: true })
      const { exitCode } = await runTraced({ script, args: send(id, data) }, injection)
      const again = await runCommand('sender', send(id, data))
      const { state } = JSON.parse(again.stdout.toString())
      const wrong = await checkOutbox(data, id)
      await rm(data, { recursive: true, force: true })
      if (again.exitCode !== 0) return { wrong: `the second time it ends with ${again.exitCode}`, exitCode }
      if (exitCode === 0 && state !== 'already-delivered')
        return { wrong: 'it was delivered, and does not know', exitCode }
      return { wrong, exitCode }
    }

    const clean = join(folder, 'clean')
    await cp(used, clean, { recursive: true })
    const { ended, count } = await countCalls({ script, args: send('clean', clean) }, fatalCalls, join(folder, 'trace'))
    t.equal(ended.exitCode, 0)
    t.ok(count.fsync! > 5 && count.pwrite64! > 10 && count.rename! > 1, JSON.stringify(count))

    let killed = 0
    const kills = await overPoints(fatalCalls, count, async (call, when) => {
      const { wrong, exitCode } = await sendTwice(`killed-${call}-${when}`, injectionOf(call, 'signal=KILL', when))
      if (wrong !== undefined) t.fail(`killed at ${call} ${when}: ${wrong}`)
      if (exitCode !== 0) killed++
    })
    t.ok(killed > kills / 3, `${killed} senders were killed`)
    let failed = 0
    const failures = await overPoints(calls, count, async (call, when) => {
      const { wrong, exitCode } = await sendTwice(`failed-${call}-${when}`, injectionOf(call, 'error=EIO', when))
      if (wrong !== undefined) t.fail(`EIO at ${call} ${when}: ${wrong}`)
      // A file that cannot be removed is nothing to fail for.
      t.ok(exitCode === 0 || exitCode === 5, `EIO at ${call} ${when}: ${exitCode}`)
      if (exitCode !== 0) failed++
    })
    t.ok(failed > failures / 10, `${failed} senders failed`)

    const { stdout } = await runCommand('receiver', ['documents', 'list', '--data', received, '--json'])
    const listed: { id: string }[] = JSON.parse(stdout.toString()).documents
    t.same(listed.map(({ id }) => id).sort(), ids.sort(), 'each document is at the receiver once')
  },
)
