// Every route of the operators' listener: a group is mounted by its line here, and nowhere else.

import { peopleRoutes } from '../access/people-routes.ts'
import { approvalRoutes } from '../approvals/approval-routes.ts'
import { faultRoutes } from '../desk/fault-routes.ts'
import { renewalRoutes } from '../keys/renewal-routes.ts'
import { revocationRoutes } from '../keys/revocation-routes.ts'
import { healthRoutes } from '../metrics/health-routes.ts'
import { openIdRoutes } from '../openid/openid-routes.ts'
import { partnerRoutes } from '../partners/partner-routes.ts'
import { rolloverRoutes } from '../partners/rollover-routes.ts'
import { accessRoutes } from '../routes/access-routes.ts'
import { alertRoutes } from '../routes/alert-routes.ts'
import { attemptRoutes } from '../routes/attempt-routes.ts'
import { auditRoutes } from '../routes/audit-routes.ts'
import { certificateRoutes } from '../routes/certificate-routes.ts'
import { deadLetterRoutes } from '../routes/dead-letter-routes.ts'
import { deliveryRoutes } from '../routes/delivery-routes.ts'
import { documentRoutes } from '../routes/document-routes.ts'
import { eventRoutes } from '../routes/event-routes.ts'
import { exportRoutes } from '../routes/export-routes.ts'
import { factRoutes } from '../routes/fact-lists.ts'
import { logRoutes } from '../routes/log-routes.ts'
import { loginRoutes } from '../routes/login-routes.ts'
import { meRoutes } from '../routes/me.ts'
import { searchRoutes } from '../routes/search-routes.ts'
import { settingRoutes } from '../routes/setting-routes.ts'
import { statsRoutes } from '../routes/stats.ts'
import { taskRoutes } from '../tasks/task-routes.ts'
import { descriptionRoute } from './description-routes.ts'
import type { ApiRoute } from './route.ts'

const groups: readonly ApiRoute[] = [
  ...loginRoutes,
  ...openIdRoutes,
  ...meRoutes,
  ...accessRoutes,
  ...peopleRoutes,
  ...factRoutes,
  ...exportRoutes,
  ...deadLetterRoutes,
  ...deliveryRoutes,
  ...attemptRoutes,
  ...documentRoutes,
  ...statsRoutes,
  ...logRoutes,
  ...auditRoutes,
  ...healthRoutes,
  ...partnerRoutes,
  ...rolloverRoutes,
  ...certificateRoutes,
  ...renewalRoutes,
  ...revocationRoutes,
  ...alertRoutes,
  ...settingRoutes,
  ...taskRoutes,
  ...faultRoutes,
  ...searchRoutes,
  ...eventRoutes,
]

const all = [...groups, ...approvalRoutes(groups)]

export const routeTable: readonly ApiRoute[] = [...all, descriptionRoute(all)]
