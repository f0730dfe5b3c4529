// Names of tiles: one path each, and nothing else is one.
import t from 'tap'
import { formatEntries, formatTilePath, parseTilePath } from './tiles.ts'

const names = {
  'tile/0/000': { level: 0, index: 0, width: 256 },
  'tile/0/000.p/1': { level: 0, index: 0, width: 1 },
  'tile/5/999.p/255': { level: 5, index: 999, width: 255 },
  'tile/0/x001/000': { level: 0, index: 1000, width: 256 },
  'tile/entries/x001/x234/067.p/8': { level: 'entries', index: 1234067, width: 8 },
} as const

t.test('a name is written and read back', async t => {
  for (const [path, name] of Object.entries(names)) {
    t.equal(formatTilePath(name), path)
    t.same(parseTilePath(path), name)
  }
})

t.test('refuses all else', async t => {
  for (const path of [
    '',
    'tile/0/0',
    'tile/0/00',
    'tile/0/x000/001',
    'tile/0/001/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/1000',
    'tile/6/000',
    'tile/00/000',
    'tile/-1/000',
    'tile/data/000',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/../000',
    'tile/0/000\n',
  ])
    t.equal(parseTilePath(path), undefined, path)
})

t.test('a bundle has each entry behind its length', async t => {
  t.equal(
    formatEntries([Buffer.from('ab'), Buffer.alloc(0), Buffer.alloc(300, 1)])
      .subarray(0, 8)
      .toString('hex'),
    '000261620000012c',
  )
})
