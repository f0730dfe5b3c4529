// Builds the console: `node packages/console/src/bundle/build-console.ts`. The only file that knows
// Vite. A build appears whole or not at all; whoever finds another one under way waits for it.
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { extname, join, relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { type BuiltFile, MANIFEST, readManifest } from './built-console.ts'
import { builtFolder, consoleFolder, digestSources } from './console-sources.ts'

const lock = `${builtFolder}.lock`
/** Milliseconds after which a build that another process began is given up. */
const GIVEN_UP = 120_000

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

async function buildConsole(): Promise<string> {
  const sources = await digestSources()
  if (sources === undefined) throw new Error('expected the sources of the console, found a deployment')
  await takeLock()
  try {
    if ((await readManifest())?.sources === sources) return 'the console is built already'
    return await buildFrom(sources)
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
}

const OPERATIONS = /\/app\/(?:deliveries|hand-off|partners|certificates|audit|alerts|health|settings|help)\//

async function buildFrom(sources: string): Promise<string> {
  const next = `${builtFolder}.next`
  await rm(next, { recursive: true, force: true })
  // It takes longer to load than to find that all is built.
  const { build } = await import('vite')
  await build({
    configFile: false,
    root: consoleFolder,
    logLevel: 'error',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: next,
      target: 'baseline-widely-available',
      // A policy without `data:` and without inline scripts takes neither of the two.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      cssCodeSplit: false,
      reportCompressedSize: false,
      rolldownOptions: {
        output: {
          codeSplitting: {
            includeDependenciesRecursively: false,
            groups: [{ name: 'operations', test: isOfOperations }],
          },
        },
      },
    },
  })
  const files = await compressAll(next)
  await writeFile(join(next, MANIFEST), `${JSON.stringify({ sources, files }, undefined, 2)}\n`)
  await rm(builtFolder, { recursive: true, force: true })
  // From here on the new build is there; a crash before it leaves none, and the next start builds.
  await rename(next, builtFolder)
  const octets = files.reduce((sum, { bytes }) => sum + bytes, 0)
  return `the console is built: ${files.length} files, ${Math.round(octets / 1024)} kB`
}

/** In one file: together they compress better. Their texts come earlier, for the titles. */
function isOfOperations(module: string): boolean {
  return OPERATIONS.test(module) && !module.endsWith('-texts.ts')
}

/** Beside each file that gains from it, the same in brotli and gzip. */
async function compressAll(folder: string): Promise<BuiltFile[]> {
  const files: BuiltFile[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const type = types[extname(file)]
    if (type === undefined) throw new Error(`the console has a file of an unknown type: ${file}`)
    const octets = await readFile(file)
    const isText = type !== types['.woff2']
    if (isText) {
      const params = { [constants.BROTLI_PARAM_SIZE_HINT]: octets.length }
      await writeFile(`${file}.br`, brotliCompressSync(octets, { params }))
      await writeFile(`${file}.gz`, gzipSync(octets, { level: 9 }))
    }
    const path = `/${relative(folder, file).replaceAll('\\', '/')}`
    files.push({ path, type, bytes: octets.length, isCompressed: isText })
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function takeLock(): Promise<void> {
  for (;;) {
    try {
      return void (await mkdir(lock))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const made = await stat(lock).catch(() => undefined)
    if (made !== undefined && Date.now() - made.mtimeMs > GIVEN_UP) await rm(lock, { recursive: true, force: true })
    await pause(200)
  }
}

// Documents are taken meanwhile.
setPriority(10)
// Whoever started it and is gone does not wait for it.
if (process.argv.includes('--with-parent')) process.stdin.once('end', () => process.exit(1)).resume()
try {
  process.stdout.write(`${await buildConsole()}\n`)
} catch (error) {
  process.stderr.write(`the console is not built: ${(error as Error).message}\n`)
  process.exitCode = 1
}
process.stdin.destroy()
