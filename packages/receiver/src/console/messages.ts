// What the listener's thread and the main thread say to one another.
import type { ListenerOptions } from './listener-thread.ts'

/** `open` comes first, and once. */
export type ToListener =
  | 'close'
  | { readonly open: ListenerOptions }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly failure: string }

export type FromListener =
  | { readonly listening: string }
  | { readonly failed: string; readonly isTaken: boolean }
  | { readonly ask: number; readonly name: string; readonly given: readonly unknown[] }
  | { readonly trouble: string }
