// Messages between the process of a task and its parent.
import type { CopiedSettings } from '@seg/core'

export type GivenTask =
  | { readonly kind: 'backup'; readonly data: string; readonly place: string; readonly certs: string; config?: string }
  | { readonly kind: 'diagnosis'; readonly started: CopiedSettings }

export type FromTask =
  | { readonly progress: string }
  | { readonly result: Readonly<Record<string, unknown>> }
  | { readonly failure: { readonly code: string; readonly detail: string } }
