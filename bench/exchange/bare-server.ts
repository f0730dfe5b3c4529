// What Fastify does by itself: the same TLS, a body that nobody looks at, an empty 201. Arguments:
// the folder of certificates.
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { loadIdentity } from '@seg/pki'
import Fastify from 'fastify'

const [certs = ''] = process.argv.slice(2)
const { certificatePem, keyPem } = await loadIdentity(certs, 'receiver')
const ca = await readFile(join(certs, 'ca.crt'), 'utf8')
const app = Fastify({
  https: { cert: certificatePem, key: keyPem, ca, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: true },
})
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', (_request, body, done) => {
  body.on('end', () => done(null)).resume()
})
app.post('/v1/documents', (_request, reply) => reply.code(201).send())
await app.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.server.address() as AddressInfo
process.stdout.write(`${JSON.stringify({ listening: `https://127.0.0.1:${port}`, pid: process.pid })}\n`)
