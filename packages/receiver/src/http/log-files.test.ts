import type { LogReader } from '@seg/ledger'
import t from 'tap'
import { makeCerts, makeFolder, openTestLedger } from '../testing/gateway.ts'
import { readLogFile } from './log-files.ts'

t.test('a tile that is whole is read once, one that still grows each time', async t => {
  const ledger = await openTestLedger(await makeCerts(t), await makeFolder(t))
  t.teardown(() => ledger.close())
  const at = new Date().toISOString()
  const size = await ledger.log.size()
  await Promise.all(Array.from({ length: 260 - size }, () => ledger.record({ type: 'start', at, version: '0.1.0' })))
  const reads: string[] = []
  const { log } = ledger
  const counted: LogReader = {
    size: () => log.size(),
    checkpoint: () => log.checkpoint(),
    tile: (level, index, width) => {
      reads.push(`tile ${level} ${index} ${width}`)
      return log.tile(level, index, width)
    },
    entries: (index, width) => {
      reads.push(`entries ${index} ${width}`)
      return log.entries(index, width)
    },
  }
  const paths = ['tile/0/000', 'tile/entries/000', 'tile/0/001.p/4', 'tile/entries/001.p/4']
  const first = await Promise.all(paths.map(path => readLogFile(path, counted)))
  t.same(
    first.map(file => file.size),
    [256, 256, 260, 260],
    'how many entries each shows',
  )
  t.equal((await readLogFile('tile/1/000.p/1', log)).size, 256)
  t.equal((await readLogFile('checkpoint', log)).size, 260)
  for (let i = 0; i < 3; i++) t.same(await Promise.all(paths.map(path => readLogFile(path, counted))), first)
  t.same(reads.filter(read => read.endsWith(' 256')).sort(), ['entries 0 256', 'tile 0 0 256'])
  t.equal(reads.filter(read => read.endsWith(' 4')).length, 8)
})
