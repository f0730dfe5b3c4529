// The console for a listener: the build that is there, and another one when its sources are newer.
// Nothing waits for a build but the page that says so.
import { type ChildProcess, spawn } from 'node:child_process'
import { extname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type BuiltConsole, type BuiltFile, type ContentCoding, readBuiltFile, readManifest } from './built-console.ts'
import { builtFolder, digestSources } from './console-sources.ts'
import { type ConsoleAnswer, writePlainAnswer } from './plain-page.ts'

export type OpenedConsole = {
  /** Looks for a build, and makes one where that is missing or old; once the gateway listens. */
  begin(): void
  /** The page of the console, which finds out by itself what its path shows. */
  page(accepted: string): Promise<ConsoleAnswer>
  /** For somebody who has not logged in. */
  login(ways: LoginWays): ConsoleAnswer
  /** A file that the page asks for. */
  file(path: string, accepted: string): Promise<ConsoleAnswer | undefined>
  close(): void
}

/**
 * Scripts, styles, fonts and data come from this origin alone, nothing stands inline, and no text
 * becomes HTML or a script.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const LATER = 1000
/** Other places to log in: a path here, and an address to be typed. */
type LoginWays = { readonly openid: string | undefined; readonly certificate: string | undefined }

/** Longest reason that is shown of a build that failed. */
const REASON = 400

export function openConsole(complain: (trouble: string) => void): OpenedConsole {
  const files = new Map<string, BuiltFile>()
  const octets = new Map<string, Promise<Buffer>>()
  let builder: ChildProcess | undefined
  let failure: string | undefined
  let isClosed = false

  let taken: string | undefined

  /** Also of a build that somebody made meanwhile. */
  async function takeBuilt(): Promise<BuiltConsole | undefined> {
    const built = await readManifest()
    if (built === undefined || built.sources === taken) return built
    taken = built.sources
    files.clear()
    octets.clear()
    for (const file of built.files) files.set(file.path, file)
    return built
  }

  async function refresh(): Promise<void> {
    const built = await takeBuilt()
    // Both can wait until the gateway has started: whether it is of today, and a build.
    await pause(LATER, undefined, { ref: false })
    const sources = await digestSources()
    if (sources === undefined && built === undefined) throw new Error(`${builtFolder} is missing`)
    if (isClosed || sources === undefined || built?.sources === sources) return
    await runBuild(child => {
      builder = child
    })
    await takeBuilt()
  }

  async function encode(path: string, accepted: string): Promise<ConsoleAnswer | undefined> {
    const file = files.get(path)
    if (file === undefined) return undefined
    const coding = chooseCoding(file, accepted)
    const name = `${path} ${coding}`
    const read = octets.get(name) ?? readBuiltFile(file, coding)
    octets.set(name, read)
    const body = await read.catch(error => {
      octets.delete(name)
      throw error
    })
    const fields = { vary: 'accept-encoding', ...(coding !== 'identity' && { 'content-encoding': coding }) }
    return { status: 200, type: file.type, body, fields }
  }

  let ready: Promise<void> | undefined
  const begin = () => {
    ready ??= refresh().catch(error => {
      if (isClosed) return
      failure = (error as Error).message.slice(0, REASON)
      complain(`the console is not there: ${failure}`)
    })
    return ready
  }

  return {
    begin: () => void begin(),
    async page(accepted) {
      await takeBuilt()
      const page = await encode('/index.html', accepted)
      if (page !== undefined) return { ...page, fields: { ...page.fields, 'content-security-policy': policy } }
      void begin()
      return failure === undefined ? beingBuilt : notBuilt(failure)
    },
    login: writeLoginPage,
    async file(path, accepted) {
      if (path === '/index.html') return undefined
      if (files.size === 0 && failure === undefined) await begin()
      const file = await encode(path, accepted)
      // Their names have the digest of what is in them.
      return file && { ...file, fields: { ...file.fields, 'cache-control': 'private, max-age=31536000, immutable' } }
    },
    close() {
      isClosed = true
      builder?.kill()
    },
  }
}

/** In a process of its own, of low priority; ends with this one. */
async function runBuild(started: (child: ChildProcess) => void): Promise<void> {
  const script = join(import.meta.dirname, `build-console${extname(import.meta.filename)}`)
  const child = spawn(process.execPath, [script, '--with-parent'], { stdio: ['pipe', 'ignore', 'pipe'] })
  started(child)
  let said = ''
  child.stderr?.on('data', text => {
    if (said.length < 4 * REASON) said += text
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(said.trim() || `its build ended with ${code}`)
}

function chooseCoding({ isCompressed }: BuiltFile, accepted: string): ContentCoding {
  if (!isCompressed) return 'identity'
  const codings = accepted.split(',').map(coding => coding.trim().split(';', 1)[0])
  return codings.includes('br') ? 'br' : codings.includes('gzip') ? 'gzip' : 'identity'
}

function writeLoginPage({ openid, certificate }: LoginWays): ConsoleAnswer {
  return writePlainAnswer(401, {
    title: 'Log in to the console',
    paragraphs: [
      'There are no passwords. On the machine of the gateway, type:',
      'It prints a link. Open it in this browser within five minutes; it counts once.',
      ...(certificate === undefined
        ? []
        : [`With a certificate or a smart card: type this address into the address line: ${certificate}`]),
    ],
    command: 'pnpm --filter receiver console login',
    links: [
      ...(openid === undefined ? [] : [{ href: openid, text: 'Log in at the OpenID Connect provider' }]),
      { href: '/', text: 'I have logged in: go on' },
    ],
  })
}

const beingBuilt = writePlainAnswer(503, {
  title: 'The console is being built',
  paragraphs: ['That happens once after an installation or an update. This page looks again by itself.'],
  fields: { refresh: '2', 'retry-after': '2' },
})

function notBuilt(reason: string): ConsoleAnswer {
  return writePlainAnswer(503, {
    title: 'The console could not be built',
    paragraphs: ['The receiver runs without it. On its machine, type:', `Then start the receiver again. ${reason}`],
    command: 'pnpm install && pnpm build',
  })
}
