// Opens a database and adds a row: `open-database.ts PATH`. Run by several at once.
import { openDatabase } from '../sqlite/database.ts'
import { migrations } from './sample-migrations.ts'

const [path = ''] = process.argv.slice(2)
const database = await openDatabase(path, migrations)
database.prepare('INSERT INTO opened (process) VALUES (?)').run(process.pid)
database.close()
