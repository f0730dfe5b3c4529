// The keys of the console, as a table.
import { useId, useLayoutEffect, useRef } from '../preact.ts'
import { shortcuts } from '../preferences.ts'
import { closeDialog, onDialogEnd } from './open-dialog.ts'
import { paletteTexts } from './palette-texts.ts'

const isApple = /Mac|iPhone|iPad/.test(navigator.platform)
export const paletteKeys = isApple ? '⌘K' : 'Ctrl K'

export function KeysDialog() {
  const texts = paletteTexts()
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useLayoutEffect(() => dialog.current?.showModal(), [])
  const rows = [
    ['/', texts.toSearch],
    [paletteKeys, texts.toPalette],
    ['?', texts.toKeys],
    ['← →', texts.arrows],
    ['Enter', texts.enter],
    ['Esc', texts.escape],
  ] as const
  return (
    <dialog ref={dialog} class="act keys" aria-labelledby={id} onCancel={onDialogEnd} onClose={onDialogEnd}>
      <h2 id={id}>{texts.keysTitle}</h2>
      <dl class="facts">
        {rows.flatMap(([key, what]) => [
          <dt key={key}>
            <kbd>{key}</kbd>
          </dt>,
          <dd key={`${key} what`}>{what}</dd>,
        ])}
      </dl>
      {!shortcuts.value && <p class="under">{texts.off}</p>}
      <div class="buttons">
        <button type="button" class="button" onClick={() => closeDialog(dialog.current)}>
          {texts.close}
        </button>
      </div>
    </dialog>
  )
}
