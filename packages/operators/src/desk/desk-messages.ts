// What the desk's thread and the others say to one another.
import type { Sample } from '../metrics/catalogue.ts'
import type { MetricsText } from '../metrics/render-metrics.ts'

export type ToDesk =
  /** Facts in JSON, an array; how many. */
  | { readonly facts: string; readonly count: number }
  /** What the main thread measures. */
  | { readonly samples: readonly Sample[] }
  /** Whether alerts about what all nodes see are sent from here. */
  | { readonly leads: boolean }
  /** The text of all metrics, in the answer with this number. */
  | { readonly ask: number; readonly isOpen: boolean }
  | 'close'

export type FromDesk =
  /** So many facts are safe from a crash of the process. */
  | { readonly taken: number }
  /** What the desk cannot do now. */
  | { readonly trouble: string }
  | { readonly answer: number; readonly metrics: MetricsText }
  | { readonly isLogConsistent: boolean }
  | 'closed'
