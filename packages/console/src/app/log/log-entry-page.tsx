// One entry of the log: what it records, and its path to the signed root.
import { octetsOfBase64 } from '../../verifier/octets.ts'
import { askApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import type { PageProps } from '../page.ts'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { FactList } from '../parts/values.tsx'
import { useEffect, useState } from '../preact.ts'
import { KindTag, typeOf } from './log-page.tsx'
import { logTexts } from './log-texts.ts'
import type { Proof } from './proof-path.ts'
import { ProofTree } from './proof-tree.tsx'
import { readCheckpointText } from './read-checkpoint.ts'

export function LogEntryPage({ params: { index = '' } }: PageProps) {
  const texts = logTexts()
  const number = Number(index)
  const { answer, refusal, again } = useAsked('GET /api/v1/log/{index}', { path: { index: number } })
  return (
    <>
      <h1>{texts.entry(number)}</h1>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} />}
      {answer !== undefined && (
        <>
          <p class="lead">
            <KindTag type={typeOf(answer.event)} />
          </p>
          <nav class="buttons" aria-label={texts.title}>
            {number > 0 && (
              <a class="button" href={`/log/${number - 1}`}>
                {texts.previous}
              </a>
            )}
            <a class="button" href={`/log/${number + 1}`}>
              {texts.next}
            </a>
            {typeOf(answer.event) === 'accepted' && (
              <a class="button" href={`/documents/in/${number}`}>
                {texts.document}
              </a>
            )}
          </nav>
          <section class="section" aria-labelledby="facts">
            <h2 id="facts">{texts.facts}</h2>
            <FactList
              rows={[
                ...Object.entries(answer.event ?? {}).map(
                  ([name, value]) => [name, <span class="mono">{String(value)}</span>] as const,
                ),
                [texts.leaf, <span class="mono">{textOf(answer.leaf)}</span>],
                [texts.nonce, answer.nonce && <span class="mono">{answer.nonce}</span>],
              ]}
            />
          </section>
          <EntryProof index={number} />
        </>
      )}
    </>
  )
}

function EntryProof({ index }: { readonly index: number }) {
  const texts = logTexts()
  const [found, setFound] = useState<{ readonly proof: Proof; readonly root: string } | 'none' | undefined>(undefined)
  useEffect(() => {
    askApi('GET /api/v1/log/{index}/proof', { path: { index } })
      .then(({ leaf, proof, checkpoint }) => {
        const head = readCheckpointText(checkpoint)
        if (head === undefined) return setFound('none')
        const given = {
          leaf: octetsOfBase64(leaf, 'leaf'),
          index,
          size: head.size,
          hashes: proof.map(hash => octetsOfBase64(hash, 'hash')),
        }
        setFound({ proof: given, root: head.root })
      })
      .catch(() => setFound('none'))
  }, [index])
  return (
    <section class="section" aria-labelledby="proof">
      <h2 id="proof">{texts.proof}</h2>
      {found === 'none' && <p class="notice waiting">{texts.notCovered}</p>}
      {typeof found === 'object' && <ProofTree proof={found.proof} root={found.root} />}
    </section>
  )
}

/** A leaf is compact JSON in UTF-8. */
function textOf(base64: string): string {
  return new TextDecoder().decode(octetsOfBase64(base64, 'leaf'))
}
