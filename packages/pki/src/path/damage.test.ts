// Damaged certificates: what we accept, OpenSSL accepts. The long form is `pnpm --filter pki fuzz`.
import t from 'tap'
import { runDamage } from '../testing/damage.ts'
import { hasOpenssl } from '../testing/openssl-verify.ts'

t.test(
  'of certificates that are damaged and signed again, none is accepted that OpenSSL refuses',
  { skip: hasOpenssl ? false : 'openssl is not installed' },
  async t => {
    const seed = Date.now() % 2 ** 31
    const { damaged, refused, accepted, wrong } = runDamage(300, seed)
    t.same(wrong, [], `seed ${seed}`)
    t.equal(refused + accepted, damaged)
    t.ok(refused > 50 && accepted > 10, `${refused} refused, ${accepted} accepted`)
  },
)
