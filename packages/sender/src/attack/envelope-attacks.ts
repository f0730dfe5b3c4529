// Documents that are signed well by the sender, and still not acceptable.
import { forge } from './forging.ts'
import type { DocumentAttacks, Scene } from './scene.ts'

export function envelopeAttacks({ write, now, sender }: Scene): DocumentAttacks {
  const documents: Readonly<Record<string, [code: string, document: () => string]>> = {
    'a foreign SenderID': ['403 sender-mismatch', () => write({ from: 'MINISTRY 3_SEG01' })],
    'a foreign ReceiverID': ['422 receiver-mismatch', () => write({ to: 'MINISTRY 3_SEG01' })],
    'a stale timestamp': ['422 timestamp-stale', () => write({ timestamp: now(-310) })],
    'a timestamp in the future': ['422 timestamp-stale', () => write({ timestamp: now(310) })],
    'a day that does not exist': ['422 timestamp-malformed', () => write({ timestamp: '2026-02-30T00:00:00Z' })],
    'a time with a zone': ['422 timestamp-malformed', () => write({ timestamp: '2026-11-23T12:00:00+00:00' })],
    'the placeholder': ['422 timestamp-malformed', () => write({ timestamp: 'YYYY-MM-DDTHH:MM:SSZ' })],
    'an id that is a path': ['422 envelope-malformed', () => write({ id: '../../etc/passwd' })],
    'an id too long': ['422 envelope-malformed', () => write({ id: 'a'.repeat(129) })],
    'no id': ['422 envelope-malformed', () => write().replace(/ id="[^"]*"/, '')],
    'another attribute on the root': ['422 envelope-malformed', () => write().replace(/ (id="[^"]*")/, ' $1 x="1"')],
    'a root of another name': ['422 envelope-malformed', () => write().replaceAll('CriticalDocument', 'Document')],
    'a root in a namespace': [
      '422 envelope-malformed',
      () => write().replace('<CriticalDocument id', '<CriticalDocument xmlns="urn:x" id'),
    ],
    'a child missing': ['422 envelope-malformed', () => write().replace(/<SenderID>.*<\/SenderID>/, '')],
    'a child twice': ['422 envelope-malformed', () => write().replace(/(<SenderID>.*<\/SenderID>)/, '$1$1')],
    'children in another order': [
      '422 envelope-malformed',
      () => write().replace(/(<SenderID>.*<\/SenderID>)(<ReceiverID>.*<\/ReceiverID>)/, '$2$1'),
    ],
    'an element in the sender': ['422 envelope-malformed', () => write({ from: '<b>MINISTRY</b>' })],
    'a sender with a space at its end': ['422 envelope-malformed', () => write({ from: `${sender} ` })],
    'text between the children': ['422 envelope-malformed', () => write().replace('<Payload>', 'x<Payload>')],
    'a child behind the payload': [
      '422 envelope-malformed',
      () => write().replace('</CriticalDocument>', '<More></More></CriticalDocument>'),
    ],
  }
  return Object.fromEntries(
    Object.entries(documents).map(([name, [code, document]]) => [name, [code, key => forge(document(), key)]]),
  )
}
