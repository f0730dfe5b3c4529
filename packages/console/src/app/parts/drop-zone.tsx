// Files from this computer, dropped or chosen: they are read here, and sent nowhere.
import type { ComponentChildren } from '../preact.ts'
import { useId, useState } from '../preact.ts'

export type ReadFile = { readonly name: string; readonly octets: Uint8Array<ArrayBuffer> }

type ZoneProps = {
  readonly label: string
  readonly hint: string
  readonly onFiles: (files: readonly ReadFile[]) => void
  readonly children?: ComponentChildren
}

export function DropZone({ label, hint, onFiles, children }: ZoneProps) {
  const id = useId()
  const [isOver, setOver] = useState(false)
  const take = async (files: FileList | null | undefined) => {
    const read = [...(files ?? [])].map(async file => ({
      name: file.name,
      octets: new Uint8Array(await file.arrayBuffer()),
    }))
    onFiles(await Promise.all(read))
  }
  return (
    <section
      class={isOver ? 'drop over' : 'drop'}
      aria-labelledby={`${id}-label`}
      onDragOver={event => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={event => {
        event.preventDefault()
        setOver(false)
        void take(event.dataTransfer?.files)
      }}
    >
      <h2 class="zone" id={`${id}-label`}>
        <label for={id}>{label}</label>
      </h2>
      <p class="under">{hint}</p>
      <input
        id={id}
        type="file"
        multiple
        onChange={({ currentTarget }) => {
          void take(currentTarget.files)
        }}
      />
      {children}
    </section>
  )
}
