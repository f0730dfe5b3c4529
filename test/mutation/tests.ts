// The tests that mutants are to fail, those that fail soonest first, one file behind the other.
// Without third-party vectors, which are not here.
import t from 'tap'

const files = [
  '../engine/canonicalization.test.ts',
  '../engine/well-formedness.test.ts',
  '../engine/octets.test.ts',
  '../engine/limits.test.ts',
  '../engine/subtree.test.ts',
  '../engine/envelope.test.ts',
  '../engine/signature-element.test.ts',
  '../engine/passes.test.ts',
  '../engine/utf8.test.ts',
  '../engine/namespaces.test.ts',
  '../engine/signed-info.test.ts',
  '../engine/names.test.ts',
  '../engine/template.test.ts',
  '../engine/verification-key.test.ts',
  '../engine/signature-value.test.ts',
  '../engine/sign.test.ts',
  '../engine/signature-form.test.ts',
  '../engine/key-info-reader.test.ts',
  '../engine/fast-path.test.ts',
  '../engine/uri.test.ts',
  '../engine/document-types.test.ts',
  '../engine/announcement.test.ts',
  '../engine/second-opinion.test.ts',
  '../engine/causes.test.ts',
  '../engine/receipt.test.ts',
  '../engine/ecdsa-value.test.ts',
  '../engine/hostile-keys.test.ts',
]

for (const file of files) {
  await import(file)
  await t.test(`${file} has passed`, async () => {})
}
