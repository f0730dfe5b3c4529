import t from 'tap'
import { parseAddressList, parseListenAddress, parseNodeName } from './network-addresses.ts'

const usage = { code: 'usage' }

t.test('balancers are addresses and networks, never all addresses', async t => {
  t.same(parseAddressList('10.0.0.5, 2001:db8::/32,10.1.0.0/16'), ['10.0.0.5', '2001:db8::/32', '10.1.0.0/16'])
  t.equal(parseAddressList('off'), 'off')
  for (const text of ['', 'lb1', '10.0.0.5;10.0.0.6', '10.0.0.0/0', '::/0', '10.0.0.0/33', '10.0.0.0/', '1.2.3.4/8/8'])
    t.throws(() => parseAddressList(text), usage, text)
  t.throws(() => parseAddressList('fe80::1%eth0'), usage, 'of one interface')
  for (const text of ['::ffff:0:0/96', '::ffff:10.0.0.1/80', '::/8', '0::1/64'])
    t.throws(() => parseAddressList(text), usage, `${text} has all IPv4 addresses`)
  t.same(parseAddressList('::ffff:10.0.0.0/104,::1'), ['::ffff:10.0.0.0/104', '::1'])
})

t.test('an address to listen on without TLS is one address and a port, never all addresses', async t => {
  for (const text of ['127.0.0.1:8081', '[::1]:8081', 'localhost:0', 'off']) t.equal(parseListenAddress(text), text)
  for (const text of [
    '8081',
    ':8081',
    '0.0.0.0:8081',
    '[::]:8081',
    '[0:0:0:0:0:0:0:0]:1',
    '[::0.0.0.0]:1',
    '[::ffff:0:0]:1',
    '[0:0:0:0:0:ffff:0:0]:1',
    'host:8081',
  ])
    t.throws(() => parseListenAddress(text), usage, text)
  for (const text of ['127.0.0.1', '127.0.0.1:65536', '127.0.0.1:8081/x', '::1:8081', '[::ffff:0.0.0.0]:1', '1.2.3:1'])
    t.throws(() => parseListenAddress(text), usage, text)
})

t.test('what was parsed is parsed again: a task is given the settings of its receiver as text', async t => {
  const addresses = parseAddressList('10.0.0.5, 10.1.0.0/16')
  t.same(parseAddressList(String(addresses)), addresses)
})

t.test('the name of a node has the form of a host name', async t => {
  t.equal(parseNodeName('node-1.seg_a'), 'node-1.seg_a')
  for (const text of ['', '-a', 'a b', 'a\n', 'ä', 'a'.repeat(64)]) t.throws(() => parseNodeName(text), usage, text)
})
