// One accepted document: its path, its facts, its receipt, and the proof that it is in the log.
import { askOctets, urlOf } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import { type ReceiptProof, readProofOfReceipt } from '../evidence/receipt-proof.ts'
import { ProofTree } from '../log/proof-tree.tsx'
import type { PageProps } from '../page.ts'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { DigestText, FactList, FullTime } from '../parts/values.tsx'
import { useEffect, useState } from '../preact.ts'
import { mayHere } from '../session.ts'
import { formatCount, formatDuration, formatSize } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { pathTexts } from './path-texts.ts'
import { DocumentPath } from './stations.tsx'

export function DocumentPage({ params: { index = '' } }: PageProps) {
  const texts = pathTexts()
  const asking = { path: { index: Number(index) } }
  const { answer, refusal, again } = useAsked('GET /api/v1/documents/{index}', asking)
  useEffect(() => {
    if (answer !== undefined) document.title = texts.acceptedHead(answer.document.id)
  }, [answer, texts])
  if (answer === undefined)
    return (
      <>
        <h1>{texts.acceptedTitle}</h1>
        {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} />}
      </>
    )
  const { document: accepted, fact } = answer
  const file = (name: string) => urlOf(`GET /api/v1/documents/{index}/${name}`, asking)
  const mayHaveBytes = mayHere('documents.bytes')
  return (
    <>
      <h1>
        {texts.acceptedHead('')} <span class="mono">{accepted.id}</span>
      </h1>
      <p class="lead">
        {texts.lead(accepted.sender, formatSize(accepted.bytes), formatCount(accepted.index))}{' '}
        <FullTime at={accepted.acceptedAt} />
      </p>
      {fact !== null && !fact.isRecorded && <p class="notice waiting">{texts.notRecorded}</p>}
      <div class="document">
        <section aria-labelledby="path">
          <h2 id="path">{texts.path}</h2>
          <DocumentPath fact={fact} />
        </section>
        <section aria-labelledby="facts">
          <h2 id="facts">{texts.facts}</h2>
          <FactList
            rows={[
              [texts.id, <span class="mono">{accepted.id}</span>],
              [
                texts.sender,
                <a href={`/documents?${new URLSearchParams({ partner: accepted.sender })}`}>{accepted.sender}</a>,
              ],
              [texts.acceptedAt, <FullTime at={accepted.acceptedAt} />],
              [texts.index, <a href={`/log/${accepted.index}`}>{formatCount(accepted.index)}</a>],
              [texts.bytes, sharedTexts().bytes(accepted.bytes)],
              [texts.sha256, <DigestText hex={accepted.sha256} />],
              [texts.reference, <span class="mono">{accepted.referenceDigest}</span>],
              [texts.certificate, fact?.certificate && <DigestText hex={fact.certificate} />],
              [texts.connection, [fact?.tlsVersion, fact?.cipher, fact?.group].filter(part => part).join(', ')],
              [
                texts.algorithms,
                [fact?.canonicalization, fact?.digestAlgorithm, fact?.signatureAlgorithm]
                  .filter(part => part)
                  .join(' '),
              ],
              [texts.request, fact?.request && <span class="mono">{fact.request}</span>],
              [texts.address, fact?.address && <span class="mono">{fact.address}</span>],
              [texts.took, fact?.totalTime != null && formatDuration(fact.totalTime)],
            ]}
          />
          <div class="buttons">
            <a class="button proof" href={`/evidence?document=${accepted.index}`}>
              {texts.verify}
            </a>
            <a class="button" href={file('receipt')} download={`receipt-${accepted.index}.xml`}>
              {texts.download}
            </a>
            {mayHaveBytes && (
              <a class="button" href={file('bytes')} download={`document-${accepted.index}.xml`}>
                {texts.saveBytes}
              </a>
            )}
          </div>
          {!mayHaveBytes && <p class="under">{texts.noBytes}</p>}
        </section>
      </div>
      <ReceiptSection index={accepted.index} />
    </>
  )
}

/** The proof as the receipt has it: what the sender holds, too. */
function ReceiptSection({ index }: { readonly index: number }) {
  const texts = pathTexts()
  const [proof, setProof] = useState<ReceiptProof | 'unreadable' | undefined>(undefined)
  useEffect(() => {
    askOctets('GET /api/v1/documents/{index}/receipt', { path: { index } })
      .then(octets => setProof(readProofOfReceipt(octets)))
      .catch(() => setProof('unreadable'))
  }, [index])
  return (
    <section class="section" aria-labelledby="proof">
      <h2 id="proof">{texts.proof}</h2>
      {proof === 'unreadable' ? (
        <p class="notice alarm">{texts.noReceipt}</p>
      ) : (
        proof !== undefined && <ProofTree proof={proof.proof} root={proof.root} />
      )}
    </section>
  )
}
