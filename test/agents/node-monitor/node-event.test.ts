import test from 'ava'
import { disruptionMessage, nodeMessage } from '../../../agents/node-monitor/node-event.js'
import { nodeLease } from './nodes.js'

const monitor = { namespace: 'kube-node-lease', holderIdentity: 'host-a_1', fencingToken: 1_767_323_045_678_942 }
const wallMicros = 1_767_323_045_678_942

test('a node that is new says no status before, one that is back what it was', t => {
  const [first, back] = [undefined, 'Unknown' as const].map(previousStatus =>
    JSON.parse(
      nodeMessage(
        { node: 'n-1', status: 'Ready', previousStatus, silentForMs: 0, fencingToken: 1 },
        nodeLease('n-1'),
        monitor,
        wallMicros,
      ).data,
    ),
  )
  t.false('previousStatus' in first)
  t.is(first.reason, 'the node is new')
  t.is(back.previousStatus, 'Unknown')
  t.is(back.reason, 'its heartbeat is back')
})

test('two monitors that tell of the same silence tell the same id; another silence has another', t => {
  const change = {
    node: 'n-1',
    status: 'Unknown',
    previousStatus: 'Ready',
    silentForMs: 51_000,
    fencingToken: 1,
  } as const
  const id = (fencingToken: number, renewTime: string, silentForMs: number): string | undefined =>
    nodeMessage({ ...change, silentForMs }, nodeLease('n-1', { renewTime }), { ...monitor, fencingToken }, wallMicros)
      .headers['Nats-Msg-Id']
  t.is(id(7, '2026-01-02T03:04:05.000000Z', 51_000), id(8, '2026-01-02T03:04:05.000000Z', 66_000))
  t.not(id(7, '2026-01-02T03:04:05.000000Z', 51_000), id(7, '2026-01-02T03:04:15.000000Z', 51_000))
})

test('a holder identity that would make the message too large is left out', t => {
  const change = { node: 'n-1', status: 'Ready', previousStatus: undefined, silentForMs: 0, fencingToken: 1 } as const
  const lease = nodeLease('n-1', { holderIdentity: 'x'.repeat(1_025) })
  t.false('holderIdentity' in JSON.parse(nodeMessage(change, lease, monitor, wallMicros).data))
})

test('tokens are decimal strings, and a disruption has a subject that is no node', t => {
  const counts = { lost: 60, ready: 100, nodes: 120 }
  const { subject, headers, data } = disruptionMessage({ phase: 'began', ...counts }, monitor, wallMicros)
  t.is(subject, 'nodes._disruption.began')
  t.like(headers, { 'ce-type': 'dev.leasehold.nodes.disruption.began', 'ce-time': '2026-01-02T03:04:05.678Z' })
  t.deepEqual(JSON.parse(data), { ...counts, monitor: 'host-a_1', monitorFencingToken: '1767323045678942' })
})
