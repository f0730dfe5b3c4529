// Receipts and documents, verified in the browser: every check with its clause, and the first that
// does not pass by name.
import type { GivenFile } from '../../verifier/given-files.ts'
import { areSameOctets } from '../../verifier/octets.ts'
import { type ReceiptEvidence, verifyEvidence } from '../../verifier/verify-evidence.ts'
import { askOctets } from '../api/client.ts'
import type { PageProps } from '../page.ts'
import { Command } from '../parts/command.tsx'
import { DropZone } from '../parts/drop-zone.tsx'
import { useEffect, useRef, useState } from '../preact.ts'
import { mayHere } from '../session.ts'
import { formatSize } from '../texts/formats.ts'
import { EvidenceResult } from './evidence-result.tsx'
import { evidenceTexts } from './evidence-texts.ts'

type Place = 'evidence' | 'trust'
type Given = Readonly<Record<Place, readonly GivenFile[]>>

const nothing: Given = { evidence: [], trust: [] }

export function EvidencePage({ query: { document: index = '' } }: PageProps) {
  const texts = evidenceTexts()
  const [given, setGiven] = useState(nothing)
  const [result, setResult] = useState<ReceiptEvidence | undefined>(undefined)
  /** Only the latest verification is shown. */
  const turn = useRef(0)

  const add = (place: Place, files: readonly GivenFile[]) =>
    setGiven(before => {
      // The same file chosen twice is one.
      const isNew = ({ octets }: GivenFile) => !before[place].some(known => areSameOctets(known.octets, octets))
      return { ...before, [place]: [...before[place], ...files.filter(isNew)] }
    })
  const addFrom = (route: 'receipt' | 'bytes', name: string) => {
    const asking = { path: { index: Number(index) } }
    return askOctets(`GET /api/v1/documents/{index}/${route}`, asking).then(octets =>
      add('evidence', [{ name, octets }]),
    )
  }

  useEffect(() => {
    setGiven(nothing)
    // A receipt that cannot be had is missing from the list, which says so.
    if (/^\d+$/.test(index)) addFrom('receipt', `receipt-${index}.xml`).catch(() => {})
  }, [index])
  useEffect(() => {
    const mine = ++turn.current
    if (given.evidence.length + given.trust.length === 0) return setResult(undefined)
    void verifyEvidence(given, new Date()).then(evidence => {
      if (mine === turn.current) setResult(evidence)
    })
  }, [given])

  return (
    <>
      <h1>{texts.title}</h1>
      <p class="lead evidence-lead">{texts.lead}</p>
      <div class="zones">
        <DropZone label={texts.given} hint={texts.givenHint} onFiles={files => add('evidence', files)}>
          <FileNames files={given.evidence} />
          {index !== '' && mayHere('documents.bytes') && (
            <button type="button" class="button" onClick={() => void addFrom('bytes', `document-${index}.xml`)}>
              {texts.addDocument}
            </button>
          )}
        </DropZone>
        <DropZone label={texts.trusted} hint={texts.trustedHint} onFiles={files => add('trust', files)}>
          <FileNames files={given.trust} />
        </DropZone>
      </div>
      <div class="buttons">
        <button type="button" class="button" onClick={() => setGiven(nothing)}>
          {texts.remove}
        </button>
        <button type="button" class="button" onClick={() => print()} disabled={result === undefined}>
          {texts.print}
        </button>
      </div>
      <div aria-live="polite">
        <EvidenceResult result={result} receipt={result?.known.given.receipt?.octets} />
      </div>
      <section class="section not-printed">
        <p>{texts.offline}</p>
        <Command text="pnpm --filter receiver evidence verifier -o verify.html" />
      </section>
    </>
  )
}

function FileNames({ files }: { readonly files: readonly GivenFile[] }) {
  if (files.length === 0) return null
  return (
    <ul class="file-names">
      {files.map(({ name, octets }) => (
        <li key={name}>
          <span class="mono">{name}</span> <span class="muted">{formatSize(octets.length)}</span>
        </li>
      ))}
    </ul>
  )
}
