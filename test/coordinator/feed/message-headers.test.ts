import test from 'ava'
import { headers } from 'nats'
import { messageHeaders } from '../../../services/coordinator/feed/message-headers.js'

const own = { 'Nats-Msg-Id': 'a.1', 'ce-time': '2026-01-02T03:04:05.678901Z' }
const more = { 'Nats-Expected-Last-Sequence': '7' }

test("the bytes of headers are those of the client's own", t => {
  const expected = headers()
  for (const [name, value] of Object.entries({ ...own, ...more })) expected.set(name, value)
  // What a publish asks them for is not in their type.
  const bytesOf = (values: object): Buffer => Buffer.from((values as { encode(): Uint8Array }).encode())
  t.is(bytesOf(messageHeaders(own, more)).toString(), bytesOf(expected).toString())
})

test('a header is found by its name, and is empty where there is none', t => {
  const values = messageHeaders(own, more)
  t.is(values.get('Nats-Msg-Id'), 'a.1')
  t.is(values.get('Nats-Expected-Last-Sequence'), '7')
  t.is(values.get('Nats-Expected-Last-Msg-Id'), '')
})
