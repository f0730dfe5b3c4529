// What a browser gets that asks for a page, not for data: below the routes, behind the same login.
import { Fault } from '@seg/core'
import type { LoginWays } from '../access/login-ways.ts'

export type PageAnswer = {
  readonly status: number
  readonly type: string
  readonly body: Buffer | string
  readonly fields: Readonly<Record<string, string>>
}

/** Pages and their files, from the package that has them. `accepted`: the field Accept-Encoding. */
export type Pages = {
  /** Finds out in the browser what its path shows. */
  page(accepted: string): Promise<PageAnswer>
  /** For somebody who has not logged in. */
  login(ways: LoginWays): PageAnswer
  file(path: string, accepted: string): Promise<PageAnswer | undefined>
}

type Asked = { readonly method: string; readonly url: string; readonly headers: Readonly<Record<string, unknown>> }

const FILES = '/assets/'

/**
 * `check` throws the Fault `login-required` for somebody unknown. Undefined where neither a page
 * nor a file was asked for.
 */
export async function findPage(
  { method, url, headers }: Asked,
  pages: Pages,
  check: () => void,
  ways: (path: string) => LoginWays,
  refused: (fault: Fault) => void,
): Promise<PageAnswer | undefined> {
  const path = url.split('?', 1)[0]!
  const accepted = `${headers['accept-encoding'] ?? ''}`
  const isPage = method === 'GET' && !/^\/(?:api|assets)\//.test(path) && isForPeople(headers.accept)
  try {
    check()
  } catch (error) {
    if (!isPage || !(error instanceof Fault) || error.code !== 'login-required') throw error
    refused(error)
    return pages.login(ways(path))
  }
  if (isPage) return pages.page(accepted)
  return method === 'GET' && path.startsWith(FILES) ? pages.file(path, accepted) : undefined
}

function isForPeople(accept: unknown): boolean {
  return `${accept ?? ''}`.includes('text/html')
}
