// Forwards the audit trail of a folder to a file until it is killed:
// `forward-process.ts FOLDER FILE`.

import { fileSink } from '../audit/audit-sinks.ts'
import { openAuditTrail } from '../audit/audit-trail.ts'
import { forwardRecords } from '../audit/forward-records.ts'

const [folder = '', file = ''] = process.argv.slice(2)
const trail = await openAuditTrail(folder, 'receiver', '0')
forwardRecords(trail, [fileSink(file)], line => process.stderr.write(`${line}\n`))
setInterval(() => {}, 1000)
