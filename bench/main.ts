// `pnpm bench …`: measurements of this checkout on this machine; never part of a test.
import { buildProgram, runProgram } from '@seg/core'
import { runBarsBench } from './bars/command.ts'
import { runDeskBench } from './desk/command.ts'
import { runExchangeBench } from './exchange/command.ts'
import { runGrowthBench } from './exchange/growth.ts'
import { runProcessesBench } from './exchange/processes.ts'
import { parseCount, runSoak } from './exchange/soak.ts'
import { runWatchedBench } from './exchange/watched.ts'
import { runScaleBench } from './scale/command.ts'
import { parseSigningKey, runSignBench, runVerifyBench, signingKeys } from './verify/command.ts'
import { runProfile } from './verify/profile.ts'

const program = buildProgram('bench', 'measurements of this checkout on this machine')

program
  .command('verify')
  .description(
    'verification: ours, xml-crypto, xmlsec1 and Apache Santuario on the same files; ' +
      'then ours alone on files up to 1 GB',
  )
  .option('--quick', 'fewer and shorter rounds, no file above 50 MB')
  .option('--seed <number>', 'of the random shape', parseCount, Date.now() % 2 ** 30)
  .option('--only <text>', 'only payloads whose name has this text, and no files')
  .option('--sides <names>', 'only ours and these, separated by commas, and no files')
  .option('--json', 'print one JSON object instead of tables')
  .action(runVerifyBench)

program
  .command('sign')
  .description('signing: ours, the operation with the key alone, and xmlsec1, on the same documents')
  .option('--key <kind>', `of the signer: one of ${signingKeys.join(', ')}`, parseSigningKey, 'rsa-2048')
  .option('--quick', 'fewer and shorter rounds')
  .option('--seed <number>', 'of the random shape', parseCount, Date.now() % 2 ** 30)
  .option('--only <text>', 'only payloads whose name has this text')
  .option('--json', 'print one JSON object instead of a table')
  .action(runSignBench)

program
  .command('profile')
  .description('verification of 5 MB of each shape: nanoseconds an octet by item')
  .option('--seed <number>', 'of the random shape', parseCount, Date.now() % 2 ** 30)
  .option('--only <text>', 'only payloads whose name has this text')
  .option('--json', 'print one JSON object instead of a table')
  .action(runProfile)

program
  .command('exchange')
  .description(
    'the whole path over mutual TLS, durable and with a receipt, against a bare Fastify handler; ' +
      'then three times what it can take',
  )
  .option('--quick', 'one short round')
  .option('--pin', 'server and generator on one core each, not on any')
  .option('--watched', 'only the cost of recording facts, and of readers that follow them')
  .option('--json', 'print one JSON object instead of tables')
  .action((options, command) => (options.watched ? runWatchedBench : runExchangeBench)(options, command))

program
  .command('bars')
  .description(
    'the whole path with the clients of partners, against a bare Fastify handler: time by thread, cold and warm',
  )
  .option('--quick', 'one short round')
  .option('--only <text>', 'only loads whose name has this text, such as "1.6 kB undici"')
  .option('--json', 'print one JSON object instead of tables')
  .action(runBarsBench)

program
  .command('processes')
  .description('what a document costs with one process and with two, thread by thread')
  .option('--quick', 'fewer and shorter rounds')
  .option('--json', 'print one JSON object instead of a table')
  .action(runProcessesBench)

program
  .command('scale')
  .description('one ledger on PostgreSQL: several receivers, standbys near and far; needs a PostgreSQL of Debian')
  .option('--quick', 'two standbys, one and two receivers, fewer documents')
  .option('--json', 'print one JSON object instead of a table')
  .action(runScaleBench)

program
  .command('growth')
  .description('the whole path with ledgers of ten thousand, a million and ten million entries, in turn')
  .option('--quick', 'smaller ledgers, fewer and shorter rounds')
  .option('--json', 'print one JSON object instead of a table')
  .action(runGrowthBench)

program
  .command('desk')
  .description('searching a desk of ten million rows: each filter of each list, first and last page')
  .option('--quick', 'a million rows')
  .option('--desk <file>', 'a desk that is used again; made there when it is missing')
  .option('--behind', 'instead: rows that have become too old, and a ledger that was never read')
  .option('--json', 'print one JSON object instead of a table')
  .action(runDeskBench)

program
  .command('soak')
  .description('even load for a long time: whether memory, open files or latency grow')
  .option('--minutes <number>', 'how long', parseCount, 60)
  .option('--rate <number>', 'documents per second', parseCount, 200)
  .option('--json', 'print one JSON object instead of a table')
  .action(runSoak)

await runProgram(program)
