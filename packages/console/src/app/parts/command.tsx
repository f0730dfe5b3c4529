// Something to type or to pass on, with a button that copies it.
import { useState } from '../preact.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { Icon } from './icon.tsx'

/** Milliseconds that "Copied" stays. */
const SHOWN = 2000

export function Command({ text }: { readonly text: string }) {
  return (
    <div class="command">
      <code>{text}</code>
      <CopyButton text={text} />
    </div>
  )
}

/** `of`: what is copied, for those who do not see where the button stands. */
export function CopyButton({ text, of = text }: { readonly text: string; readonly of?: string }) {
  const texts = sharedTexts()
  const [isCopied, setCopied] = useState(false)
  return (
    <button
      type="button"
      class="copy"
      aria-label={`${texts.copy}: ${of}`}
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => {
          setCopied(true)
          setTimeout(() => setCopied(false), SHOWN)
        })
      }}
    >
      <Icon name={isCopied ? 'check' : 'copy'} />
      <span class="unseen" aria-live="polite">
        {isCopied ? texts.copied : ''}
      </span>
    </button>
  )
}
