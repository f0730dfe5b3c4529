// Every route of the operators' listener: a group is mounted by its line here, and nowhere else.

import { healthRoutes } from '../metrics/health-routes.ts'
import { accessRoutes } from './access-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { descriptionRoute } from './description-routes.ts'
import { documentRoutes } from './document-routes.ts'
import { factRoutes } from './fact-lists.ts'
import { logRoutes } from './log-routes.ts'
import { loginRoutes } from './login-routes.ts'
import { meRoutes } from './me.ts'
import type { ApiRoute } from './route.ts'
import { statsRoutes } from './stats.ts'

const groups: readonly ApiRoute[] = [
  ...loginRoutes,
  ...meRoutes,
  ...accessRoutes,
  ...factRoutes,
  ...documentRoutes,
  ...statsRoutes,
  ...logRoutes,
  ...auditRoutes,
  ...healthRoutes,
]

export const routeTable: readonly ApiRoute[] = [...groups, descriptionRoute(groups)]
