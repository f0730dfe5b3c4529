// What a receipt may say, with characters that XML must escape.
import type { ReceiptFacts } from '@seg/xmldsig'

export const receiptFacts: ReceiptFacts = {
  receiverId: 'A & B <C>',
  senderId: 'MINISTRY 1_SEG01',
  documentId: 'doc1',
  documentDigest: Buffer.alloc(32, 1),
  referenceDigest: Buffer.alloc(32, 2),
  acceptedAt: '2026-11-23T12:00:00.000Z',
  logEntry: {
    index: 7,
    treeSize: 12,
    leaf: Buffer.from('{"v":1}'),
    opening: { facts: Buffer.from('{}'), nonce: Buffer.alloc(32, 3) },
    proof: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)],
    checkpoint: 'MINISTRY%202_SEG01\n12\nroot\n\n\u2014 MINISTRY%202_SEG01 signature\n',
  },
}
