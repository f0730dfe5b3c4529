// Asks the operators' API: typed by its description, and refusals as it writes them.
import { signal } from '../preact.ts'
import type { ApiRoutes, ApiSchemas } from './api-types.ts'
import { followGatewayClock } from './gateway-clock.ts'

type RouteName = keyof ApiRoutes
type Part<Name extends RouteName, Key extends 'path' | 'query' | 'body'> = ApiRoutes[Name][Key]
type Needed<Key extends string, Value> =
  Value extends Record<never, never>
    ? Record<never, never> extends Value
      ? { readonly [Optional in Key]?: Value }
      : { readonly [Required in Key]: Value }
    : { readonly [Optional in Key]?: Value }

export type Asking<Name extends RouteName> = Needed<'path', Part<Name, 'path'>> &
  Needed<'query', Part<Name, 'query'>> &
  (Part<Name, 'body'> extends undefined ? unknown : { readonly body: Part<Name, 'body'> })
export type AnswerOf<Name extends RouteName> = ApiRoutes[Name]['answer']
/** Routes that change nothing. */
export type Reading = Extract<RouteName, `GET ${string}`>

/** Not asked for a login while a page is open: what it shows stays, and says so. */
export const hasSessionEnded = signal(false)

/** A refusal, as the API describes it (RFC 9457); `unreachable`: no answer at all. */
export class ApiRefusal extends Error {
  readonly code: string
  readonly detail: string
  /** Of the request, as the gateway's log has it. */
  readonly instance: string | undefined
  readonly status: number

  constructor({ status, code, detail, instance }: Partial<ApiSchemas['Problem']>) {
    super(detail ?? code)
    this.status = status ?? 0
    this.code = code ?? 'unreachable'
    this.detail = detail ?? ''
    this.instance = instance
  }
}

/** Throws a ApiRefusal. */
export async function askApi<Name extends RouteName>(
  name: Name,
  asking: Asking<Name>,
  signal?: AbortSignal,
): Promise<AnswerOf<Name>> {
  const response = await send(name, asking, signal)
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  return (isJson ? await response.json() : await response.text()) as AnswerOf<Name>
}

/** Asked for, and not done before another person approves it. */
export class ActWaits extends Error {
  /** Of the approval. */
  readonly id: string

  constructor({ id }: Pick<ApiSchemas['Approval'], 'id'>) {
    super(id)
    this.id = id
  }
}

/**
 * The same of an act: with one key it is done once, however often it is asked for. Throws an
 * ActWaits, too. `version`: of what it changes, as it was seen.
 */
export async function actOnApi<Name extends Exclude<RouteName, Reading>>(
  name: Name,
  asking: Asking<Name>,
  key: string,
  version?: string,
): Promise<AnswerOf<Name>> {
  const response = await send(name, asking, undefined, { key, version })
  if (response.status === 202) throw new ActWaits(await response.json())
  return (await response.json()) as AnswerOf<Name>
}

/** An answer, and the version of what it is about. */
export async function askVersion<Name extends Reading>(
  name: Name,
  asking: Asking<Name>,
): Promise<{ readonly answer: AnswerOf<Name>; readonly version: string }> {
  const response = await send(name, asking)
  return { answer: (await response.json()) as AnswerOf<Name>, version: response.headers.get('etag') ?? '' }
}

/** The same of an answer that is octets. */
export async function askOctets<Name extends Reading>(
  name: Name,
  asking: Asking<Name>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await send(name, asking)).arrayBuffer())
}

type ActFields = { readonly key?: string | undefined; readonly version?: string | undefined }

async function send(
  name: RouteName,
  asking: object,
  signal?: AbortSignal,
  { key, version }: ActFields = {},
): Promise<Response> {
  const { body } = asking as { readonly body?: unknown }
  const [method = ''] = name.split(' ', 1)
  let response: Response
  const sentAt = Date.now()
  try {
    response = await fetch(urlOf(name, asking), {
      method,
      signal: signal ?? null,
      redirect: 'manual',
      ...(body !== undefined && { body: JSON.stringify(body) }),
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(version !== undefined && { 'if-match': version }),
        ...(isUnattended() && { 'seg-unattended': '1' }),
      },
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiRefusal({ code: 'unreachable', detail: String(error) })
  }
  followGatewayClock(response.headers.get('date'), sentAt, Date.now())
  // A logout answers with a redirection, which is not followed.
  if (response.ok) hasSessionEnded.value = false
  if (response.ok || response.type === 'opaqueredirect') return response
  if (response.status === 401) hasSessionEnded.value = true
  throw new ApiRefusal(await readProblem(response))
}

/**
 * Nobody has clicked or typed here for some seconds: such a request does not keep the session
 * alive. In a browser that cannot tell, every one is such a request.
 */
function isUnattended(): boolean {
  return navigator.userActivation?.isActive !== true
}

async function readProblem(response: Response): Promise<Partial<ApiSchemas['Problem']>> {
  try {
    return { ...((await response.json()) as ApiSchemas['Problem']), status: response.status }
  } catch {
    return { status: response.status, code: `http-${response.status}` }
  }
}

/** Of a route with its parts; also for a link that a browser follows by itself. */
export function urlOf(name: string, asking: object): string {
  const { path = {}, query = {} } = asking as {
    readonly path?: Readonly<Record<string, unknown>>
    readonly query?: Readonly<Record<string, unknown>>
  }
  const [, pattern = ''] = name.split(' ')
  const filled = pattern.replace(/\{(\w+)\}/g, (_all, part: string) => encodeURIComponent(String(path[part])))
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const parameters = new URLSearchParams(given.map(([key, value]) => [key, String(value)]))
  return given.length === 0 ? filled : `${filled}?${parameters}`
}
