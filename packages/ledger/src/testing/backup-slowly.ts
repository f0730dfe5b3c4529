// A process that makes a backup and stops where the argument says, until it is killed:
// `backup-slowly.ts FOLDER PLACE STAGE`. A line on standard output says that it is there.
import { writeSync } from 'node:fs'
import { makeBackup } from '../backup/make-backup.ts'

const [folder = '', place = '', stage = ''] = process.argv.slice(2)
let isVerified = false

function stop(): void {
  writeSync(1, 'there\n')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

await makeBackup(folder, place, {
  owner: 'receiver',
  version: '1',
  // The name of the whole folder is all that is missing.
  now: () => {
    if (stage === 'before the name' && isVerified) stop()
    return new Date()
  },
  onProgress: () => stage === 'copying' && stop(),
  verify: async () => {
    if (stage === 'verifying') stop()
    isVerified = true
    return { of: 'log', log: { size: 0, root: '', checkpoint: '' }, documents: 0 }
  },
})
