// The result of a verification: the verdict, what it rests on, each check, and the path drawn.
import type { RawOctets } from '../../verifier/octets.ts'
import type { CheckOutcome, ReceiptEvidence } from '../../verifier/verify-evidence.ts'
import { ProofTree } from '../log/proof-tree.tsx'
import { FactList, FullTime } from '../parts/values.tsx'
import { useMemo } from '../preact.ts'
import { formatCount } from '../texts/formats.ts'
import { checkInWords } from './check-texts.ts'
import { evidenceTexts } from './evidence-texts.ts'
import { readProofOfReceipt } from './receipt-proof.ts'

const marks: Readonly<Record<CheckOutcome['state'], string>> = {
  passed: '●',
  failed: '■',
  'not given': '▲',
  'not reached': '○',
  'not judged': '△',
}

type ResultProps = { readonly result: ReceiptEvidence | undefined; readonly receipt: RawOctets | undefined }

export function EvidenceResult({ result, receipt }: ResultProps) {
  const texts = evidenceTexts()
  if (result === undefined) return <h2>{texts.nothing}</h2>
  const { isVerified, fields, anchors } = result
  const checks = result.checks.map(check => ({ ...check, ...checkInWords(check) }))
  const first = checks.find(({ name }) => name === result.first?.name)
  const open = checks.filter(({ state }) => state === 'not judged')
  return (
    <>
      {isVerified ? (
        <h2 class="verdict evidence">{`● ${texts.verified}`}</h2>
      ) : first?.state === 'not given' ? (
        <h2 class="verdict waiting">{`▲ ${texts.notGiven(first.detail)}`}</h2>
      ) : (
        <h2 class="verdict refused">{`■ ${texts.notVerified(first === undefined ? '' : texts.fails(first.title))}`}</h2>
      )}
      {!isVerified && fields.length > 0 && <p>{texts.contradicted(fields.join(', '))}</p>}
      {isVerified && open.length > 0 && (
        <p>{texts.notJudged(open.map(({ title, detail }) => `${title}: ${detail}`).join('; '))}</p>
      )}
      {isVerified && <Proven result={result} />}
      {anchors.length > 0 && (
        <>
          <p class="under">{texts.rests}</p>
          <ul>
            {anchors.map(anchor => (
              <li key={anchor} class="mono anchor">
                {anchor}
              </li>
            ))}
          </ul>
        </>
      )}
      <h3 class="section">{texts.checks}</h3>
      <ol class="checks">
        {checks.map(({ name, title, clause, state, detail }) => (
          <li key={name} data-state={state} data-check={name}>
            <span class="check-state">
              {marks[state]} {texts.states[state]}
            </span>
            <span>{title}</span>
            <span class="muted">{clause}</span>
            {detail !== '' && (
              <span class="mono" lang={state === 'not given' ? undefined : 'en'}>
                {detail}
              </span>
            )}
          </li>
        ))}
      </ol>
      <ReceiptTree receipt={receipt} />
    </>
  )
}

/** What the receipt says, which counts only when all of it is verified. */
function Proven({ result: { known } }: { readonly result: ReceiptEvidence }) {
  const texts = evidenceTexts()
  const { receipt, signer } = known
  if (receipt === undefined) return null
  return (
    <FactList
      rows={[
        [texts.receiver, receipt.receiver],
        [texts.sender, receipt.sender],
        [texts.document, <span class="mono">{receipt.document}</span>],
        [texts.accepted, <FullTime at={receipt.acceptedAt} />],
        [texts.entry, `${formatCount(receipt.index)} / ${formatCount(receipt.treeSize)}`],
        ['SHA-256', signer && <span class="mono">{signer.fingerprint}</span>],
      ]}
    />
  )
}

function ReceiptTree({ receipt }: { readonly receipt: RawOctets | undefined }) {
  const texts = evidenceTexts()
  const read = useMemo(() => {
    if (receipt === undefined) return undefined
    try {
      return readProofOfReceipt(receipt)
    } catch {
      // The checks above say what is wrong with it.
      return undefined
    }
  }, [receipt])
  if (read === undefined) return null
  return (
    <section class="section not-printed" aria-labelledby="proof">
      <h3 id="proof">{texts.proof}</h3>
      <ProofTree proof={read.proof} root={read.root} />
    </section>
  )
}
