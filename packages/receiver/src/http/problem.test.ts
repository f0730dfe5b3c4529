import { Fault } from '@seg/core'
import t from 'tap'
import { toFault } from './problem.ts'

t.test("separates a client's mistakes from our defects", async t => {
  const fault = new Fault('not-found', 'x')
  t.equal(toFault(fault), fault)
  const codes: [error: object, code: string][] = [
    [{ code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }, 'media-type'],
    [{ code: 'ERR_HTTP_REQUEST_TIMEOUT' }, 'request-timeout'],
    [{ code: 'HPE_HEADER_OVERFLOW' }, 'request-malformed'],
    [{ code: 'FST_ERR_BAD_URL', statusCode: 400 }, 'request-malformed'],
    [new TypeError('oops'), 'internal'],
    [{ statusCode: 503 }, 'internal'],
  ]
  for (const [error, code] of codes) t.equal(toFault(error).code, code)
})
