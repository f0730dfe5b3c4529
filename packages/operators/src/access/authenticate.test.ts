// What keeps a session alive: a person who works with it, and no window that is merely open.
import t, { type Test } from 'tap'
import { makeConsoleCerts, openListener } from '../testing/listener.ts'
import { IDLE_TIME } from './access-rows.ts'

const certs = await makeConsoleCerts(t)
const alone = { 'seg-unattended': '1' }

async function open(t: Test) {
  const listener = await openListener(t, certs)
  const start = Date.now()
  const session = { ...listener.sessionOf('operator'), 'sec-fetch-site': 'same-origin' }
  /** The status of a request so long after the login. */
  const after = async (time: number, fields: Readonly<Record<string, string>> = {}, method = 'GET') => {
    listener.setTime(new Date(start + time))
    const path = method === 'GET' ? '/api/v1/me' : '/api/v1/alerts/0/acknowledge'
    const body = method === 'GET' ? undefined : '{"why":"seen"}'
    return (await listener.ask(method, path, { ...session, ...fields }, body)).status
  }
  return { listener, session, after }
}

t.test('what the console asks for by itself keeps no session alive', async t => {
  const { after } = await open(t)
  for (let time = 0; time < IDLE_TIME; time += IDLE_TIME / 6) t.equal(await after(time, alone), 200)
  t.equal(await after(IDLE_TIME, alone), 401)
  t.equal(await after(IDLE_TIME), 401, 'and who comes back logs in again')
})

t.test('what a person asks for does, and each act, whatever it says of itself', async t => {
  const { after } = await open(t)
  t.equal(await after(IDLE_TIME - 60_000), 200)
  t.equal(await after(2 * IDLE_TIME - 120_000, alone, 'POST'), 404)
  t.equal(await after(3 * IDLE_TIME - 180_000, alone), 200)
  t.equal(await after(3 * IDLE_TIME - 120_000, alone), 401)
})
