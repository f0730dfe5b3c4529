// Commands for who may send.
import { addSettings, type Command, onDemand } from '@seg/core'
import { recorded } from '../audit/recorded.ts'
import { readsOnly } from '../commands/reads-only.ts'
import { places, whyOption } from './places.ts'

const { data } = places

export function addPartnerCommands(program: Command): void {
  const partners = program.command('partners').description('who may send, also while the receiver runs')
  const idHelp = "the partner's id, its SenderID"
  addSettings(partners.command('list').description('all records of partners'), {}).action(
    onDemand(() => import('../commands/partners-command.ts').then(it => it.runPartnersList)),
  )
  addSettings(partners.command('show').description('one record').argument('<id>', idHelp), {}).action(
    onDemand(() => import('../commands/partners-command.ts').then(it => it.runPartnersShow)),
  )
  const adding = partners.command('add').description('add a partner, or a certificate to one').argument('<id>', idHelp)
  adding.option('--name <text>', 'for people').option('--contact <text>', 'whom to ask')
  adding.option('--authority <name>', 'what must have issued its certificate; its CN is the id, unless said otherwise')
  adding.option('--subject <name=value...>', 'attributes of the subject, each exactly once in it')
  adding.option('--certificate <file>', 'pin this certificate').option('--sha256 <digest>', 'pin by its digest')
  adding.option('--spki <digest>', 'pin a key: sha256/ and base64').option('--san-uri <uri>', 'the one URI in it')
  adding.option('--for <uses>', 'tls,sign (the default), tls or sign')
  adding.option('--from <date>', 'when the certificate begins to count').option('--until <date>', 'its last day')
  addSettings(adding.option(...whyOption), places).action(
    recorded(
      it => it.partnerAct('changed'),
      onDemand(() => import('../commands/partners-command.ts').then(it => it.runPartnersAdd)),
    ),
  )
  for (const [name, help, run] of [
    [
      'suspend',
      'refuse it from now on, on open connections, too',
      recorded(
        it => it.partnerAct('suspended'),
        onDemand(() => import('../commands/partners-command.ts').then(it => it.runPartnersSuspend)),
      ),
    ],
    [
      'resume',
      'end a suspension',
      recorded(
        it => it.partnerAct('resumed'),
        onDemand(() => import('../commands/partners-command.ts').then(it => it.runPartnersResume)),
      ),
    ],
    [
      'remove',
      'remove its record',
      recorded(
        it => it.partnerAct('removed'),
        onDemand(() => import('../commands/partners-command.ts').then(it => it.runPartnersRemove)),
      ),
    ],
  ] as const)
    addSettings(
      partners
        .command(name)
        .description(help)
        .argument('<id>', idHelp)
        .option(...whyOption),
      places,
    ).action(run)
  const trusting = partners.command('trust').description('rely on an authority, for partners that name it')
  trusting.argument('<name>', 'its name here').option('--anchors <file>', 'its roots or intermediate CAs, PEM')
  trusting.option('--intermediates <file>', 'CAs between').option('--crl <file...>', 'its revocation lists')
  trusting
    .option('--need-crl', 'refuse its certificates without a list in date')
    .option('--grace <time>', 'beyond that')
  trusting.option('--refresh <time>', 'between two fetches of lists that have an address (default: 1h)')
  trusting.option('--from <date>', 'when it begins to count').option('--until <date>', 'its last day')
  trusting.option('--remove', 'rely on it no more').option(...whyOption)
  addSettings(trusting, places).action(
    recorded(
      it => it.authorityAct,
      onDemand(() => import('../commands/partners-command.ts').then(it => it.runPartnersTrust)),
    ),
  )
  const importing = partners.command('import').description('replace all authorities and partners by those of a file')
  importing.argument('<file>', 'what export wrote').option(...whyOption)
  addSettings(importing, places).action(
    recorded(
      it => it.importAct,
      onDemand(() => import('../commands/partners-command.ts').then(it => it.runPartnersImport)),
    ),
  )
  addSettings(partners.command('export').description('all authorities and partners, in YAML'), {}).action(
    onDemand(() => import('../commands/partners-command.ts').then(it => it.runPartnersExport)),
  )

  const rollover = program.command('rollover').description('next certificates that partners announced')
  addSettings(rollover.command('list').description('all, the oldest first'), { data }).action(
    readsOnly(onDemand(() => import('../commands/rollover-command.ts').then(it => it.runRolloverList))),
  )
  const digestHelp = 'SHA-256 of the certificate, as list shows it'
  const by = ['--partner <id>', 'who announced it, where several did'] as const
  const accepting = rollover.command('accept').description('let one that waits count').argument('<sha256>', digestHelp)
  addSettings(accepting.option(...by).option(...whyOption), places).action(
    recorded(
      it => it.rolloverAct('accepted'),
      onDemand(() => import('../commands/rollover-command.ts').then(it => it.runRolloverAccept)),
    ),
  )
  const refusing = rollover.command('refuse').description('refuse one that waits').argument('<sha256>', digestHelp)
  addSettings(refusing.option(...by).option(...whyOption), { data }).action(
    recorded(
      it => it.rolloverAct('refused'),
      onDemand(() => import('../commands/rollover-command.ts').then(it => it.runRolloverRefuse)),
    ),
  )
}
