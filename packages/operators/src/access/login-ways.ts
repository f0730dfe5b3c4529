// Where somebody without a session can log in, from the page that they asked for.
import { OWN_PATH } from './log-in.ts'

/** Beside a link from the shell. */
export type LoginWays = {
  /** A path here that leads to the provider. */
  readonly openid: string | undefined
  /**
   * The address of the port for certificates, to be typed: of a link from here a browser says that
   * it is of another origin, which that port and the console refuse.
   */
  readonly certificate: string | undefined
}

type Found = {
  readonly hasProvider: boolean
  /** The address of the port for certificates. */
  readonly certificateLogin: string | undefined
}

/** `path`: of the page, to which both lead back. `host`: as the browser knows this machine. */
export function findLoginWays(
  path: string,
  host: string | undefined,
  { hasProvider, certificateLogin }: Found,
): LoginWays {
  const to = path !== '/' && new RegExp(OWN_PATH).test(path) ? `?to=${encodeURIComponent(path)}` : ''
  return {
    openid: hasProvider ? `/login/openid${to}` : undefined,
    certificate: certificateLogin === undefined ? undefined : `${atHost(host, certificateLogin).href}${to}`,
  }
}

/** An address of this machine, with the host name that the browser used. */
export function atHost(host: string | undefined, address: string): URL {
  const known = new URL(address)
  const asked = `https://${host}`
  if (URL.canParse(asked)) known.hostname = new URL(asked).hostname
  return known
}
