import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import t from 'tap'
import { Arrivals } from './arrivals.ts'

t.test('connections that wait in the kernel come before work that takes long', async t => {
  const COUNT = 40
  const arrivals = new Arrivals()
  let came = 0
  let works = 0
  const server = createServer(socket => {
    came++
    arrivals.note()
    socket.on('error', () => {}).destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { promise, resolve } = Promise.withResolvers<void>()
  const work = () => {
    works++
    const end = performance.now() + 5
    while (performance.now() < end);
    if (came < COUNT) arrivals.schedule(work)
    else resolve()
  }
  const { port } = server.address() as AddressInfo
  for (let i = 0; i < COUNT; i++)
    connect(port, '127.0.0.1')
      .on('error', () => {})
      .resume()
  arrivals.schedule(work)
  await promise
  t.ok(works < COUNT / 2, `${works} turns of work while ${COUNT} connections came`)
})

t.test('but work is done soon, however many come', async t => {
  const arrivals = new Arrivals()
  let isDone = false
  arrivals.schedule(() => {
    isDone = true
  })
  const end = performance.now() + 10_000
  while (!isDone && performance.now() < end) {
    arrivals.note()
    await new Promise(setImmediate)
  }
  t.ok(isDone)
})
