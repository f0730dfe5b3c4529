// `node deploy/help/write-help.ts FOLDER`: man pages and completions, without the rest of a build.
import { resolve } from 'node:path'
import { writeHelp } from './help-files.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: node deploy/help/write-help.ts FOLDER')
await writeHelp(resolve(folder))
