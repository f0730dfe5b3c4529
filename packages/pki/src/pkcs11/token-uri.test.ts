import t from 'tap'
import { isTokenUri, parseTokenUri } from './token-uri.ts'

const module = 'module-path=/usr/lib/hsm.so'
const pin = 'pin-source=file:/run/pin'
const parse = (text: string) => parseTokenUri('seal.key', text)

t.test('reads the address of a key as RFC 7512 writes it', async t => {
  const uri = `pkcs11:token=The%20HSM;serial=0a%3b1;object=caf%C3%A9;id=%00%ff;type=private?${pin}&${module}`
  t.ok(isTokenUri(`\n${uri}\n`))
  t.same(parse(`${uri}\n`), {
    uri,
    module: '/usr/lib/hsm.so',
    pinFile: '/run/pin',
    token: { token: 'The HSM', serial: '0a;1' },
    object: 'café',
    id: '00ff',
  })
  for (const form of ['file:///run/pin', '/run/pin', 'file:/run/pin'])
    t.equal(parse(`pkcs11:token=a;id=%01?${module}&pin-source=${form}`).pinFile, '/run/pin', form)
  t.notOk(isTokenUri('-----BEGIN PRIVATE KEY-----'))
})

const refused: Readonly<Record<string, [text: string, detail: RegExp]>> = {
  'a PIN, which it does not repeat': [`pkcs11:token=a;object=b?${module}&pin-value=1234`, /^(?!.*1234).*pin-value/],
  'a PIN in capitals': [`pkcs11:token=a;object=b?${module}&PIN-VALUE=1234`, /^(?!.*1234).*another form/],
  'a PIN with a separator in it': [`pkcs11:token=a;object=b?${module}&pin-source=/x&1234`, /^(?!.*1234).*another form/],
  'no module': [`pkcs11:token=a;object=b?${pin}`, /expected module-path=/],
  'a module without its path': [`pkcs11:token=a;object=b?module-path=hsm.so&${pin}`, /expected module-path=/],
  'a module by its name': [`pkcs11:token=a;object=b?${module}&module-name=hsm&${pin}`, /"module-name", which is not/],
  'no PIN': [`pkcs11:token=a;object=b?${module}`, /expected pin-source=/],
  'a PIN from a program': [`pkcs11:token=a;object=b?${module}&pin-source=|/bin/pin`, /expected pin-source=/],
  'a PIN from another machine': [`pkcs11:token=a;object=b?${module}&pin-source=file://host/pin`, /pin-source=/],
  'no token': [`pkcs11:object=b?${module}&${pin}`, /expected token=LABEL or serial=/],
  'no key': [`pkcs11:token=a?${module}&${pin}`, /expected object=LABEL or id=/],
  'an empty id': [`pkcs11:token=a;id=?${module}&${pin}`, /expected object=LABEL or id=/],
  'a public key': [`pkcs11:token=a;object=b;type=public?${module}&${pin}`, /expected type=private/],
  'what is not understood': [`pkcs11:token=a;object=b;slot-id=1?${module}&${pin}`, /"slot-id", which is not/],
  'an attribute twice': [`pkcs11:token=a;token=b;object=b?${module}&${pin}`, /expected token once/],
  'a space': [`pkcs11:token=a b;object=b?${module}&${pin}`, /percent-encoded, found "token"/],
  'a broken escape': [`pkcs11:token=%4;object=b?${module}&${pin}`, /percent-encoded/],
  'a line end in a name': [`pkcs11:token=%0a;object=b?${module}&${pin}`, /expected token to be text/],
  'octets that are no text': [`pkcs11:token=%ff;object=b?${module}&${pin}`, /expected token to be text/],
  'a second line': [`pkcs11:token=a;object=b?${module}&${pin}\nmore`, /percent-encoded/],
  nothing: ['pkcs11:', /expected module-path/],
}

for (const [title, [text, detail]] of Object.entries(refused)) {
  t.test(`refuses ${title}`, async t => {
    t.throws(() => parse(text), { code: 'configuration', detail })
  })
}
