// A receiver without a desk, to compare with: this module is preloaded and replaces the desk, for
// which there is no setting.
import { registerHooks } from 'node:module'
import type { Desk } from '../../packages/operators/src/desk/desk.ts'

registerHooks({
  resolve(specifier, context, nextResolve) {
    const isDesk = specifier === './desk/desk.ts' && context.parentURL?.endsWith('/operators/src/index.ts')
    return isDesk ? { url: import.meta.url, shortCircuit: true } : nextResolve(specifier, context)
  },
})

export function openDesk(): Desk {
  return {
    note: () => {},
    pass: () => {},
    measureWith: () => {},
    leadAlerts: () => {},
    isLogConsistent: () => undefined,
    metrics: async () => {
      throw new Error('there is no desk')
    },
    close: async () => {},
  }
}
