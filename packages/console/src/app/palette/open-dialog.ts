// Which dialog over the page is open, and the keys that open one.
import { signal, useEffect } from '../preact.ts'
import { shortcuts } from '../preferences.ts'

export const openDialog = signal<'palette' | 'keys' | undefined>(undefined)

/** Closes it and says so at once: its event `close` is a later task, keys may come before it. */
export function closeDialog(dialog: HTMLDialogElement | null): void {
  dialog?.close()
  openDialog.value = undefined
}

/** For the events `cancel` and `close` of a dialog, unless another has taken its place since. */
export function onDialogEnd({ currentTarget }: { readonly currentTarget: HTMLDialogElement }): void {
  if (currentTarget.isConnected) closeDialog(currentTarget)
}

/** `toSearch`: for `/`. */
export function useKeys(toSearch: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const act = actOf(event, toSearch)
      if (act === undefined) return
      event.preventDefault()
      act()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [toSearch])
}

function actOf(event: KeyboardEvent, toSearch: () => void): (() => void) | undefined {
  const open = document.querySelector<HTMLDialogElement>('dialog[open]')
  const isCommand = event.key.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey)
  if (isCommand && openDialog.value === 'palette') return () => closeDialog(open)
  // None is opened while another dialog is, such as one that takes a reason.
  if (open !== null) return undefined
  if (isCommand)
    return () => {
      openDialog.value = 'palette'
    }
  if (!shortcuts.value || isTyping(event.target)) return undefined
  if (event.key === '/') return toSearch
  if (event.key === '?')
    return () => {
      openDialog.value = 'keys'
    }
  return undefined
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
}
