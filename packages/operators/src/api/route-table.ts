// Every route of the operators' listener: a group is mounted by its line here, and nowhere else.
import { descriptionRoute } from './description-routes.ts'
import { loginRoutes } from './login-routes.ts'
import { meRoutes } from './me.ts'
import type { ApiRoute } from './route.ts'

const groups: readonly ApiRoute[] = [...loginRoutes, ...meRoutes]

export const routeTable: readonly ApiRoute[] = [...groups, descriptionRoute(groups)]
