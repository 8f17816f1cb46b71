import test from 'ava'
import { eventLine } from '../../../cli/events/event-line.js'
import type { EventMessage } from '../../../cli/events/event-message.js'
import { readLeaseEvent } from '../../../cli/events/lease-event.js'
import { readNodeEvent } from '../../../cli/events/node-event.js'

const receivedMicros = Date.parse('2026-11-22T21:51:01.500Z') * 1_000

const message = (headers: Record<string, string>, data: unknown): EventMessage => ({
  header: name => headers[name] ?? '',
  text: typeof data === 'string' ? data : JSON.stringify(data),
})

const line = (headers: Record<string, string>, data: unknown): string | undefined => {
  const event = readLeaseEvent(message(headers, data)) ?? readNodeEvent(message(headers, data))
  return event && eventLine(event, receivedMicros)
}

const lease = { metadata: { namespace: 'kube-system', name: 'kube-scheduler' }, fencingToken: '42', revision: '43' }

test('a line has time, event, lease, holder, token, and what else there is to say', t => {
  const headers = { 'ce-type': 'dev.leasehold.lease.acquired', 'ce-time': '2026-11-22T21:51:00.123456Z' }
  t.is(
    line(headers, { ...lease, spec: { holderIdentity: 'b' }, previousHolder: 'a', cause: 'superseded' }),
    '2026-11-22T21:51:00.123Z  acquired     kube-system/kube-scheduler  holder=b  token=42  was=a  cause=superseded',
  )
})

test('nobody is a dash, and an event without a time has that of its receipt', t => {
  t.is(
    line({ 'ce-type': 'dev.leasehold.lease.updated' }, { ...lease, spec: {} }),
    '2026-11-22T21:51:01.500Z  updated      kube-system/kube-scheduler  holder=-  token=42',
  )
})

test('the last holder of an expired lease is told once', t => {
  const headers = { 'ce-type': 'dev.leasehold.lease.expired', 'ce-time': '2026-11-22T21:51:00.123456Z' }
  t.is(
    line(headers, { ...lease, spec: { holderIdentity: 'a' }, previousHolder: 'a' }),
    '2026-11-22T21:51:00.123Z  expired      kube-system/kube-scheduler  holder=a  token=42',
  )
})

test('a gap names the revisions that were not told', t => {
  t.is(
    line({ 'ce-type': 'dev.leasehold.gap' }, { fromRevision: '5', throughRevision: '9' }),
    '2026-11-22T21:51:01.500Z  gap          revisions 5 to 9 were not told: list again',
  )
})

test('a node has its status, its name and the reason', t => {
  const headers = { 'ce-type': 'dev.leasehold.node.unknown', 'ce-time': '2026-11-22T21:51:00.123Z' }
  t.is(
    line(headers, { node: 'node-3', status: 'Unknown', reason: 'no heartbeat for 50 s' }),
    '2026-11-22T21:51:00.123Z  unknown      node node-3  no heartbeat for 50 s',
  )
})

test('a disruption tells how many nodes are silent', t => {
  const headers = { 'ce-type': 'dev.leasehold.nodes.disruption.began', 'ce-time': '2026-11-22T21:51:00.123Z' }
  t.is(
    line(headers, { lost: 5, ready: 6, nodes: 7 }),
    '2026-11-22T21:51:00.123Z  disruption   began: 5 of the 6 nodes called Ready are silent',
  )
})

test('what is no event of a lease or a node is passed over', t => {
  t.is(line({}, lease), undefined)
  t.is(line({ 'ce-type': 'com.example.order' }, lease), undefined)
  t.is(line({ 'ce-type': 'dev.leasehold.lease.acquired' }, 'no JSON'), undefined)
  t.is(line({ 'ce-type': 'dev.leasehold.node.ready' }, '[1'), undefined)
})
