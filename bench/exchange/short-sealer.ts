// Loaded by the ledger's writer when a ledger is filled: nobody reads these receipts.
export function openSealer(): () => Buffer {
  const receipt = Buffer.from('<Receipt/>')
  return () => receipt
}
