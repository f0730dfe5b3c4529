// What administrators do on the pages of the console, in a real Chromium: the role of a person, and
// a backup of the gateway that is shown.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '@seg/core/testing/until'
import t from 'tap'
import { openTaskWork } from '../../packages/receiver/src/tasks/fork-task.ts'
import { makeFolder } from '../../packages/receiver/src/testing/gateway.ts'
import { needsChromium, openBrowser } from '../support/chromium.ts'
import { type ConsoleWindow, openTestConsole } from '../support/console.ts'

const folder = await makeFolder(t)
const config = join(folder, 'seg.yaml')
const people = `trust: { mode: listed }
people:
  - { id: joe, role: viewer, certificates: [{ subject: { CN: joe } }] }
  - { id: jane, role: administrator, certificates: [{ subject: { CN: jane } }] }
`
await writeFile(config, people)
const backups = join(folder, 'backups')
const console = await openTestConsole(t, {
  config,
  backups,
  work: (kind, edge) =>
    openTaskWork({ certs: console.certs, data: console.gateway.data, config, backups, started: undefined })(kind, edge),
})
const { listener } = console
const browser = needsChromium.skip === false ? await openBrowser(t) : undefined

const logIn = (locale: string, role: Parameters<typeof console.logIn>[1] = 'administrator') =>
  console.logIn(browser!, role, { locale, reducedMotion: 'reduce' })

const act = async ({ page }: ConsoleWindow, reason: string, why: string, verb: string) => {
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(reason).fill(why)
  await dialog.getByRole('button', { name: verb, exact: true }).click()
}

t.test(
  'the role of a person is changed with a reason, by another one, and never over a change',
  needsChromium,
  async t => {
    const window = await logIn('en')
    const { page, open, wrongs } = window
    await open('/settings/people')
    await page.getByText('your own rights are changed by another person').waitFor()
    const begin = async (role: string) => {
      await page.getByRole('button', { name: 'Change the role: joe' }).click()
      await page.getByRole('dialog').getByLabel('Role').selectOption(role)
    }
    await begin('operator')
    await act(window, 'Reason', 'of the night shift now', 'Change the role')
    await page.getByText('The rights of joe are changed.').waitFor()
    const row = page.getByRole('row', { name: /joe/ })
    await eventually(t, () => row.textContent(), /joe.*operator/)
    t.match(await readFile(config, 'utf8'), /joe, role: operator,.*jane, role: administrator,/s)
    const recorded = listener.records().filter(({ action }) => action === 'authorization.person-changed')
    t.match(recorded.at(-1), { outcome: 'success', why: 'of the night shift now' })

    await begin('security-officer')
    await writeFile(config, people.replace('role: viewer', 'role: auditor'))
    await act(window, 'Reason', 'typed before', 'Change the role')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('It was changed since you saw it.').waitFor()
    await eventually(t, () => dialog.getByLabel('Reason').inputValue(), 'typed before')
    t.match(await readFile(config, 'utf8'), /joe, role: auditor/)
    t.same(wrongs(), [])
  },
)

t.test('a backup is begun, its task ends, and it is listed as whole; who may not reads why', needsChromium, async t => {
  const viewer = await logIn('de', 'auditor')
  await viewer.open('/health/tasks')
  const barred = viewer.page.getByRole('button', { name: 'Sicherung erstellen' })
  await eventually(t, () => barred.getAttribute('aria-disabled'), 'true')
  const why = viewer.page.locator('.acts .why').first()
  await eventually(t, () => why.textContent(), /Ihre Rolle \(Prüfer\) darf das nicht/)

  const window = await logIn('de')
  const { page, open, wrongs } = window
  await open('/health/tasks')
  await page.getByText('Noch ist keine vollständige Sicherung im Ordner.').waitFor()
  await page.getByRole('button', { name: 'Sicherung erstellen' }).click()
  await act(window, 'Grund', 'vor der neuen Version', 'Beginnen')
  await page.getByText('Sie hat begonnen').waitFor()
  const task = page.getByRole('row', { name: /Sicherung/ }).first()
  await eventually(t, () => task.textContent(), /Sicherung.*erledigt/s)
  const cancel = task.getByRole('button', { name: /^Abbrechen/ })
  await eventually(t, () => cancel.getAttribute('aria-disabled'), 'true')
  await eventually(t, () => task.locator('.why').textContent(), 'es ist erledigt')
  await open('/health/tasks')
  await page.locator('.tag.accepted', { hasText: /^vollständig$/ }).waitFor()
  const recorded = listener.records().filter(({ action }) => action === 'system.backed-up')
  t.match(recorded, [{ outcome: 'pending', why: 'vor der neuen Version' }, { outcome: 'success' }])
  t.same([...viewer.wrongs(), ...wrongs()], [])
})
