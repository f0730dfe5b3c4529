// The page around the verifier: files in, every check with its clause out. Nothing is sent.
import type { GivenFile } from '../verifier/given-files.ts'
import { areSameOctets, quoteFound } from '../verifier/octets.ts'
import { type CheckOutcome, type ReceiptEvidence, verifyEvidence } from '../verifier/verify-evidence.ts'

type Place = 'evidence' | 'trust'

const given: Record<Place, GivenFile[]> = { evidence: [], trust: [] }
const result = find('#result')
/** Only the latest verification is shown. */
let turn = 0

for (const place of ['evidence', 'trust'] as const) {
  const section = find(`#${place}`)
  const input = find<HTMLInputElement>(`#${place}-files`)
  input.addEventListener('change', () => void take(place, input.files))
  section.addEventListener('dragover', event => {
    event.preventDefault()
    section.classList.add('over')
  })
  section.addEventListener('dragleave', () => section.classList.remove('over'))
  section.addEventListener('drop', event => {
    event.preventDefault()
    section.classList.remove('over')
    void take(place, event.dataTransfer?.files ?? null)
  })
}
// A file that is dropped beside both would open in place of this page.
for (const name of ['dragover', 'drop']) addEventListener(name, event => event.preventDefault())
find('form').addEventListener('reset', () => {
  for (const place of ['evidence', 'trust'] as const) {
    given[place] = []
    find(`#${place} ul`).replaceChildren()
  }
  turn++
  delete result.dataset.verdict
  result.replaceChildren(write('h2', 'Nothing to verify yet'))
})

async function take(place: Place, files: FileList | null): Promise<void> {
  const read = await Promise.all(
    [...(files ?? [])].map(async file => ({ name: file.name, octets: new Uint8Array(await file.arrayBuffer()) })),
  )
  // The same file chosen twice is one.
  const isNew = ({ octets }: GivenFile) => !given[place].some(known => areSameOctets(known.octets, octets))
  for (const file of read) if (isNew(file)) given[place].push(file)
  find(`#${place} ul`).replaceChildren(
    ...given[place].map(({ name, octets }) => write('li', `${quoteFound(name)}, ${octets.length} bytes`)),
  )
  const mine = ++turn
  const evidence = await verifyEvidence(given, new Date())
  if (mine === turn) show(evidence)
}

function show(evidence: ReceiptEvidence): void {
  const { isVerified, checks, first, fields, anchors } = evidence
  result.dataset.verdict = isVerified ? 'verified' : 'not verified'
  const verdict = isVerified
    ? '● Verified: the receiver accepted exactly this document'
    : `■ Not verified: ${why(first!)}`
  const list = write('ol')
  list.append(...checks.map(showCheck))
  const named =
    fields.length === 0 || isVerified ? [] : [write('p', `Contradicted in the receipt: ${fields.join(', ')}`)]
  const open = checks.filter(({ state }) => state === 'not judged').map(({ title, detail }) => `${title}: ${detail}`)
  const notJudged = isVerified && open.length > 0 ? [write('p', `Not judged: ${open.join('; ')}`)] : []
  const [facts, rests] = [showFacts(evidence), showAnchors(anchors)]
  result.replaceChildren(write('h2', verdict), ...named, ...notJudged, ...facts, ...rests, list)
}

function why({ title, state, detail }: CheckOutcome): string {
  return state === 'not given' ? detail : `it fails that ${title}`
}

const marks: Readonly<Record<CheckOutcome['state'], string>> = {
  passed: '● passed',
  failed: '■ failed',
  'not given': '▲ not given',
  'not reached': '○ not reached',
  'not judged': '△ not judged',
}

function showCheck({ name, title, clause, state, detail }: CheckOutcome): HTMLElement {
  const item = write('li')
  item.dataset.state = state
  item.dataset.check = name
  const mark = marks[state]
  item.append(write('span', mark, 'state'), write('span', title), write('span', clause, 'clause'))
  if (detail !== '') item.append(write('span', detail, 'detail'))
  return item
}

/** What the receipt says, which counts only when all of it is verified. */
function showFacts({ known: { receipt, facts, signer }, isVerified }: ReceiptEvidence): HTMLElement[] {
  if (receipt === undefined || !isVerified) return []
  const rows = {
    receiver: receipt.receiver,
    sender: receipt.sender,
    document: receipt.document,
    accepted: receipt.acceptedAt,
    bytes: String(facts?.bytes),
    certificate: `SHA-256 ${signer?.fingerprint}`,
    log: `entry ${receipt.index}, in the signed tree of ${receipt.treeSize} entries`,
  }
  const list = write('dl')
  for (const [name, value] of Object.entries(rows)) list.append(write('dt', name, 'muted'), write('dd', value))
  return [list]
}

function showAnchors(anchors: readonly string[]): HTMLElement[] {
  if (anchors.length === 0) return []
  const list = write('ul')
  list.append(...anchors.map(anchor => write('li', anchor, 'detail')))
  const said = 'It rests on these, which you chose; compare them with what their owners publish.'
  return [write('p', said, 'muted'), list]
}

function write(tag: string, text = '', className = ''): HTMLElement {
  const element = document.createElement(tag)
  element.textContent = text
  if (className !== '') element.className = className
  return element
}

function find<T extends HTMLElement = HTMLElement>(selector: string): T {
  const element = document.querySelector<T>(selector)
  if (element === null) throw new TypeError(`${selector} is not in the page`)
  return element
}
