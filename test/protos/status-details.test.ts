import test from 'ava'
import { decodeStatusDetails, encodeStatusDetails } from '../../protos/status-details.js'

test('what was encoded is decoded again', t => {
  const details = {
    code: 9,
    message: 'the lease is held',
    reason: 'LEASE_HELD',
    metadata: { lease: 'kube-system/kube-scheduler', holder: 'node-1', fencingToken: '1789' },
    violations: [{ field: 'lease.metadata.name', description: 'Required value: name or generateName is required' }],
    retryAfterMs: 1500.5,
  }
  t.deepEqual(decodeStatusDetails(encodeStatusDetails(details)), details)
})

test('an error without violations and retry delay carries only its ErrorInfo', t => {
  const details = { code: 5, message: 'no', reason: 'LEASE_NOT_FOUND', metadata: {}, violations: [] }
  t.deepEqual(decodeStatusDetails(encodeStatusDetails(details)), details)
})

test('the bytes are those of google.rpc.Status', t => {
  const bytes = encodeStatusDetails({ code: 5, message: 'no', reason: 'R', metadata: { a: 'b' }, violations: [] })
  const url = 'type.googleapis.com/google.rpc.ErrorInfo'
  const info = '\x0a\x01R\x12\x09leasehold\x1a\x06\x0a\x01a\x12\x01b'
  const any = `\x0a${String.fromCharCode(url.length)}${url}\x12${String.fromCharCode(info.length)}${info}`
  t.is(Buffer.from(bytes).toString('latin1'), `\x08\x05\x12\x02no\x1a${String.fromCharCode(any.length)}${any}`)
})

test('bytes that are no status give nothing', t => {
  t.is(decodeStatusDetails(new Uint8Array([0xff, 0xff, 0xff])), undefined)
})

test('a status without details of ours has no reason', t => {
  t.deepEqual(decodeStatusDetails(new Uint8Array([0x08, 0x0e])), {
    code: 14,
    message: '',
    reason: '',
    metadata: {},
    violations: [],
  })
})
