// What only the thread of the operators' listener loads: the schemas of its routes take longer to
// load than most commands to run.
export { followCertificateSessions } from './access/certificate-sessions.ts'
export { openPeople } from './access/people.ts'
export { buildOperatorsApi } from './api/build-api.ts'
export { buildCertificateLogin } from './api/certificate-login.ts'
export { openReaders, openTasks } from './api/lazy-readers.ts'
export { routeTable } from './api/route-table.ts'
export { followApprovals } from './approvals/hold-act.ts'
export { openOpenIdLogin } from './openid/openid-login.ts'
export type { TaskKind } from './tasks/task-store.ts'
export type { RunTask, TaskEdge } from './tasks/tasks.ts'
