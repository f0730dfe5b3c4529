// What `diagnose` would say, the error of a start says itself: the cause in its first line, the
// command that fixes it in its second.
import { chmod, copyFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { root, runProcess } from '../support/commands.ts'
import { copyCerts, makeCerts, makeFolder, reissue } from './broken.ts'

t.jobs = 2

const right = await makeCerts(t)

type Broken = readonly [
  title: string,
  spoil: (certs: string, data: string) => Promise<unknown>,
  cause: RegExp,
  command: RegExp,
]

const receivers: readonly Broken[] = [
  ['ca.crt is missing', certs => rm(join(certs, 'ca.crt')), /ca\.crt is missing/, /openssl x509 -in CA\.pem -out/],
  [
    'no certificates',
    certs => rm(certs, { recursive: true }),
    /expected a folder of keys and certificates at .*found nothing/,
    /pki gen --out /,
  ],
  [
    'the key is that of another certificate',
    certs => copyFile(join(certs, 'seal.key'), join(certs, 'receiver.key')),
    /receiver\.key is not the key of receiver\.crt/,
    /pki renew receiver --new-key/,
  ],
  [
    'others may read the key',
    certs => chmod(join(certs, 'receiver.key'), 0o644),
    /expected mode 0600, found 0644/,
    /^ {2}run: chmod 600 .*receiver\.key$/m,
  ],
  [
    'the receiver expired',
    certs => reissue(certs, 'receiver', { from: -20, to: -10 }),
    /receiver\.crt: .* is valid from .* to /,
    /pki renew receiver --certs/,
  ],
  [
    'the certificate is one for clients',
    certs => reissue(certs, 'receiver', { profile: 'sender' }),
    /receiver\.crt: .*extended key usage/,
    /pki issue .* --profile receiver/,
  ],
  [
    'the seal expired',
    certs => reissue(certs, 'seal', { from: -20, to: -10 }),
    /seal\.crt: .* is valid from /,
    /pki renew seal/,
  ],
  ['log.key is missing', certs => rm(join(certs, 'log.key')), /log\.key is missing/, /pki log-key --certs/],
  ['the data folder is a file', (_, data) => writeFile(data, ''), /data/, /ls -ld /],
  [
    'a schema is missing',
    (_, data) => writeFile(join(data, '../seg.yaml'), 'documents: { CriticalDocument: { xsd: no.xsd } }\n'),
    /cannot read the schema .*no\.xsd/,
    /pnpm seg config check --config /,
  ],
]

const senders: readonly Broken[] = [
  ['sender.crt is missing', certs => rm(join(certs, 'sender.crt')), /sender\.crt is missing/, /pki issue .*sender/],
  [
    'the key is that of another certificate',
    certs => copyFile(join(certs, 'seal.key'), join(certs, 'sender.key')),
    /sender\.key is not the key of sender\.crt/,
    /pki renew sender --new-key/,
  ],
  ['ca.crt is missing', certs => rm(join(certs, 'ca.crt')), /ca\.crt is missing/, /openssl x509 -in CA\.pem -out/],
  ['log.pub is missing', certs => rm(join(certs, 'log.pub')), /log\.pub/, /cp RECEIVERS_LOG\.pub /],
  ['the data folder is a file', (_, data) => writeFile(data, ''), /data/, /ls -ld /],
]

for (const [name, cases, args] of [
  ['receiver', receivers, ['start', '--port', '0']],
  ['sender', senders, ['send', join(root, 'sample_document.xml'), '--to', 'https://127.0.0.1:1', '--timeout', '0']],
] as const)
  for (const [title, spoil, cause, command] of cases)
    t.test(`${name}: ${title}`, async t => {
      const certs = await copyCerts(t, right)
      const data = join(await makeFolder(t), 'data')
      const config = join(data, '../seg.yaml')
      await writeFile(config, '')
      await spoil(certs, data)
      const ended = await runProcess(name, [...args, '--certs', certs, '--data', data, '--config', config])
      t.equal(ended.exitCode, 5)
      const [first = '', ...rest] = ended.stderr.split('\n')
      t.match(first, /^error: [a-z-]+: /)
      t.match(first, cause)
      t.match(rest[0], /^ {2}run: /)
      t.match(rest[0], command)
      if (title !== 'ca.crt is missing') return
      const json = await runProcess(name, [...args, '--json', '--certs', certs, '--data', data, '--config', config])
      t.match(JSON.parse(json.stdout.toString().trim().split('\n').at(-1)!), { ok: false, command: /./ })
    })
