// The certificate of operators, replaced while somebody looks: what is broken is one line.
import { renameSync } from 'node:fs'
import { access, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadIdentity } from '@seg/pki'
import t from 'tap'
import { makeCerts } from '../testing/gateway.ts'
import { followConsoleCertificate } from './follow-console-certificate.ts'

t.test('what changes while it is read is judged once, as it is then', async t => {
  const [own, other] = [await makeCerts(t), await makeCerts(t)]
  const [certificate, before, next] = ['console.crt', 'before', 'next'].map(name => join(own, name)) as [
    string,
    string,
    string,
  ]
  await copyFile(certificate, before)
  const present = await loadIdentity(own, 'console')
  const wrong: string[] = []
  for (let round = 0; round < 48; round++) {
    await copyFile(before, certificate)
    await copyFile(join(other, 'console.crt'), next)
    const lines: string[] = []
    const note = (line: string) => void lines.push(line)
    const looks = followConsoleCertificate({ certs: own, present, voice: { info: note, error: note } }, () => {})
    // The files are replaced during its first look, each round a few steps later.
    for (let i = 0; i < round % 16; i++) await access(own)
    renameSync(next, certificate)
    await looks.look()
    await looks.look()
    await looks.close()
    if (lines.length !== 1 || !/console\.key is not the key/.test(lines[0]!)) wrong.push(`${round}: ${lines}`)
  }
  t.same(wrong, [])
})
