// What a page of the console is: a row of `pages.ts`.
import type { ApiRoutes } from './api/api-types.ts'
import type { IconName } from './parts/icon.tsx'
import type { ComponentType } from './preact.ts'

/** As the API's description names them; `/api/v1/me` says which of them the role has. */
export type PermissionName = string

/** Of the path (`:name`) and of the query. */
export type PageProps = {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
}

export type ConsolePage = {
  /** With `:name` for each parameter. */
  readonly path: string
  readonly title: () => string
  readonly permission: PermissionName
  /** Its place in the rail; a page without one is reached by links. */
  readonly icon?: IconName
  readonly view: ComponentType<PageProps>
}

export type Me = ApiRoutes['GET /api/v1/me']['answer']
