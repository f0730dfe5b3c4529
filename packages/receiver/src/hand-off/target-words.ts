// What lines for operators say of a target, by its name.
import { quote } from '@seg/core'

const words: Readonly<Record<string, string>> = { inbox: 'the inbox', webhook: 'the webhook', nats: 'NATS' }

export function targetWords(name: string): string {
  return words[name] ?? name
}

export function sayTaken(name: string, sender: string): string {
  return `${targetWords(name)} takes documents of ${quote(sender)} again`
}

export function sayPostponed(name: string, sender: string, reason: string): string {
  return `${targetWords(name)} holds up documents of ${quote(sender)}: ${reason}; it is tried again`
}
