// A disk that is full, for real: a small tmpfs in a namespace of the test's own, where the system
// allows one.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder, makeSample } from '../testing/sample-documents.ts'

const mountAndRun = 'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@" "$0"'
const isAllowed = spawnSync('unshare', ['-rm', 'true']).status === 0

t.test(
  'refuses what does not fit, and still shows what it has',
  { skip: isAllowed ? false : 'no user namespaces' },
  async t => {
    const folder = await makeFolder(t)
    const script = join(import.meta.dirname, '../testing/fill-disk.ts')
    const { stdout, stderr } = spawnSync(
      'unshare',
      ['-rm', 'sh', '-c', mountAndRun, folder, process.execPath, script],
      { encoding: 'utf8' },
    )
    t.equal(stderr, '')
    const report = JSON.parse(stdout)
    t.ok(report.accepted > 5, `${report.accepted} documents fitted`)
    t.match(report.full, /^storage-unavailable: cannot (?:write to the ledger|store a document)/)
    t.equal(report.visible, report.accepted)
    t.equal(report.staged, 0)
    t.ok(report.large > 0)
    t.equal(report.files, report.large, 'no file of a document that was refused is left')
    t.equal(report.receipt, makeSample('doc0', { size: 60_000 }).receipt.toString())
    t.equal(report.roomy, 'none', 'with room again it continues')
  },
)
