// The path of an entry, drawn: the leaf at the bottom, the signed root at the top. A button
// recomputes it in the browser, node by node.
import { useEffect, useState } from '../preact.ts'
import { formatCount } from '../texts/formats.ts'
import { logTexts } from './log-texts.ts'
import { computePath, type Proof, type ProofPath } from './proof-path.ts'

const LEVEL = 60
const WIDTH = 440
const NODE = { width: 124, height: 30 } as const
const CENTRE = WIDTH / 2
const SIDE = 104
/** Milliseconds for a node: slow enough to be followed. */
const PACE = 40

type TreeProps = {
  readonly proof: Proof
  /** Of the checkpoint, in hexadecimal. */
  readonly root: string
}

export function ProofTree({ proof, root }: TreeProps) {
  const texts = logTexts()
  const [path, setPath] = useState<ProofPath | undefined>(undefined)
  /** Nodes that were recomputed before the eyes of somebody: the leaf is the first. */
  const [done, setDone] = useState(0)
  useEffect(() => {
    setDone(0)
    void computePath(proof).then(setPath)
  }, [proof])
  const all = (path?.steps.length ?? 0) + 1
  useEffect(() => {
    if (done === 0 || done >= all) return
    const timer = setTimeout(() => setDone(done + 1), PACE)
    return () => clearTimeout(timer)
  }, [done, all])
  const start = () => setDone(matchMedia('(prefers-reduced-motion: reduce)').matches ? all : 1)
  const isDone = path !== undefined && done >= all
  const isEqual = path?.root === root
  return (
    <div class="proof-room">
      {path !== undefined && <Drawing path={path} proof={proof} root={root} done={done} isWrong={isDone && !isEqual} />}
      <div class="proof-says">
        <p class="under">{texts.proofHow}</p>
        <button type="button" class="button proof" onClick={start} disabled={done > 0 && !isDone}>
          {texts.recompute}
        </button>
        <p class={isDone ? (isEqual ? 'verdict evidence' : 'verdict refused') : 'verdict'} role="status">
          {isDone ? (isEqual ? `● ${texts.equal}` : `■ ${texts.different}`) : done > 0 ? texts.recomputing : ''}
        </p>
        {isDone && isEqual && <p class="under">{texts.signature}</p>}
        {isDone && !isEqual && (
          <p class="mono">
            {texts.computed} {path.root}
            <br />
            {texts.signed} {root}
          </p>
        )}
      </div>
    </div>
  )
}

type DrawingProps = TreeProps & { readonly path: ProofPath; readonly done: number; readonly isWrong: boolean }

function Drawing({ path: { leafHash, steps }, proof: { index, size }, root, done, isWrong }: DrawingProps) {
  const texts = logTexts()
  const height = (steps.length + 1) * LEVEL + 44
  const yOf = (level: number) => height - 40 - level * LEVEL
  /** Of what is computed: beside the sibling that it has on this level; the root has none. */
  const xOf = (level: number) => {
    const step = steps[level]
    return step === undefined ? CENTRE : step.isSiblingLeft ? CENTRE + SIDE : CENTRE - SIDE
  }
  const siblingX = (level: number) => (steps[level]?.isSiblingLeft ? CENTRE - SIDE : CENTRE + SIDE)
  const top = steps.length
  return (
    <svg class="tree" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={texts.treeName(index, size)}>
      {steps.map((step, level) => (
        <g key={step.parent}>
          <path
            class={done > level + 1 ? 'edge done' : 'edge'}
            d={edge(xOf(level), yOf(level), xOf(level + 1), yOf(level + 1))}
          />
          <path class="edge" d={edge(siblingX(level), yOf(level), xOf(level + 1), yOf(level + 1))} />
          <Node x={siblingX(level)} y={yOf(level)} hash={step.sibling} kind="given" />
        </g>
      ))}
      {[leafHash, ...steps.map(({ parent }) => parent)].map((hash, level) => (
        <Node
          key={hash}
          x={xOf(level)}
          y={yOf(level)}
          hash={hash}
          kind={isWrong && level === top ? 'wrong' : done > level ? 'computed' : 'waiting'}
        />
      ))}
      <text class="node-name" x={xOf(0)} y={height - 8}>
        {texts.leaf} {formatCount(index)}
      </text>
      <g class="root-seal">
        <circle cx={CENTRE + NODE.width / 2 + 26} cy={yOf(top)} r={11} />
        <path d={`M${CENTRE + NODE.width / 2 + 21} ${yOf(top)}l4 4 7-8`} />
        <text class="node-name" x={CENTRE} y={yOf(top) - 22}>
          {texts.root}: {root.slice(0, 8)}…
        </text>
      </g>
    </svg>
  )
}

type NodeProps = { readonly x: number; readonly y: number; readonly hash: string; readonly kind: string }

function Node({ x, y, hash, kind }: NodeProps) {
  return (
    <g class={`node ${kind}`}>
      <rect x={x - NODE.width / 2} y={y - NODE.height / 2} {...NODE} rx={kind === 'wrong' ? 0 : 6} />
      <text x={x} y={y + 5}>
        {hash.slice(0, 4)} {hash.slice(4, 8)}
      </text>
    </g>
  )
}

function edge(x: number, y: number, parentX: number, parentY: number): string {
  const [from, to] = [y - NODE.height / 2, parentY + NODE.height / 2]
  const middle = (from + to) / 2
  return `M${x} ${from}C${x} ${middle} ${parentX} ${middle} ${parentX} ${to}`
}
