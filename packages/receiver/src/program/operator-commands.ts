// Commands for operators: audit, access to their listener, alerts.
import { addSettings, type Command, onDemand, parseLimit, parseNumber } from '@seg/core'
import { parseHours, parseRole, roleNames } from '@seg/operators/commands'
import { recorded } from '../audit/recorded.ts'
import { readsOnly } from '../commands/reads-only.ts'
import { places, whyOption } from './places.ts'

const { data } = places
const parseKeyDays = parseNumber({ what: '--days', least: 1, most: 366 })

export function addOperatorCommands(program: Command): void {
  const audit = program.command('audit').description('who did what, when, from where and why; also while it runs')
  const auditList = audit.command('list').description('all records, the oldest first')
  addSettings(auditList.option('--limit <number>', 'only the latest ones', parseLimit), { data }).action(
    readsOnly(onDemand(() => import('@seg/operators').then(it => it.runAuditList))),
  )
  const auditShow = audit.command('show').description('one record whole').argument('<record>', 'its number or id')
  addSettings(auditShow, { data }).action(
    readsOnly(onDemand(() => import('@seg/operators').then(it => it.runAuditShow))),
  )
  const auditVerify = audit.command('verify').description('whether a record was edited or deleted, by chain and log')
  addSettings(auditVerify, { data }).action(
    readsOnly(onDemand(() => import('@seg/operators').then(it => it.runAuditVerify))),
  )

  const console = program.command('console').description("who may use the operators' listener")
  const role = ['--role <role>', `what it may do: ${roleNames.join(', ')}`, parseRole] as const
  const login = console.command('login').description('a link that logs in once, within five minutes')
  addSettings(login.option(...role, 'administrator').option(...whyOption), { data }).action(
    recorded(
      it => it.loginLinkAct,
      onDemand(() => import('@seg/operators').then(it => it.runConsoleLogin)),
    ),
  )
  const keys = console.command('keys').description('API keys, for programs')
  const keyAdding = keys.command('add').description('make an API key, which is shown once')
  keyAdding.requiredOption('--name <text>', 'whose it is').requiredOption(...role)
  keyAdding.option('--days <number>', 'days until it ends', parseKeyDays, 90).option(...whyOption)
  addSettings(keyAdding, { data }).action(
    recorded(
      it => it.keyAddedAct,
      onDemand(() => import('@seg/operators').then(it => it.runKeysAdd)),
    ),
  )
  addSettings(keys.command('list').description('all API keys, without their secrets'), { data }).action(
    onDemand(() => import('@seg/operators').then(it => it.runKeysList)),
  )
  const keyRevoking = keys.command('revoke').description('end one at once').argument('<id>', 'its id')
  addSettings(keyRevoking.option(...whyOption), { data }).action(
    recorded(
      it => it.keyRevokedAct,
      onDemand(() => import('@seg/operators').then(it => it.runKeysRevoke)),
    ),
  )

  const alerts = program.command('alerts').description('what an operator must know of, and who is notified')
  const alertsList = alerts.command('list').description('alerts, pending and resolved ones, too; channels that fail')
  addSettings(alertsList, { data }).action(
    readsOnly(onDemand(() => import('@seg/operators').then(it => it.runAlertsList))),
  )
  const alertsTest = alerts.command('test').description('send a test to each channel of seg.yaml')
  addSettings(alertsTest, {}).action(onDemand(() => import('@seg/operators').then(it => it.runAlertsTest)))
  const acknowledging = alerts.command('ack').description('send an alert no more that somebody takes care of')
  acknowledging.argument('<id>', 'its id').option(...whyOption)
  addSettings(acknowledging, places).action(
    recorded(
      it => it.ackAct,
      onDemand(() => import('@seg/operators').then(it => it.runAlertsAck)),
    ),
  )
  const muting = alerts.command('mute').description('send no alert of a rule, for a time; the list shows them')
  muting.argument('<rule>', 'its name').requiredOption('--hours <number>', 'how long, 720 at most', parseHours)
  addSettings(muting.option(...whyOption), places).action(
    recorded(
      it => it.muteAct,
      onDemand(() => import('@seg/operators').then(it => it.runAlertsMute)),
    ),
  )
  const unmuting = alerts.command('unmute').description('send alerts of a rule again').argument('<rule>', 'its name')
  addSettings(unmuting.option(...whyOption), places).action(
    recorded(
      it => it.unmuteAct,
      onDemand(() => import('@seg/operators').then(it => it.runAlertsUnmute)),
    ),
  )
}
