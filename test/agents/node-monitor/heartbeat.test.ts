import test from 'ava'
import { isFirstHeartbeat, isHeartbeat } from '../../../agents/node-monitor/heartbeat.js'
import type { ChangeType, Lease } from '../../../client/index.js'
import { change, nodeLease, ready, unknown } from './nodes.js'

const at = (second: number): string => `2026-01-02T03:04:${String(second).padStart(2, '0')}.000000Z`
const last = nodeLease('n-1', { renewTime: at(30) })

const cases: readonly (readonly [title: string, type: ChangeType, lease: Partial<Lease>, isHeard: boolean])[] = [
  ['a renewal is a heartbeat', 'renewed', {}, true],
  ['an acquire is a heartbeat', 'acquired', {}, true],
  ['a takeover is a heartbeat', 'transferred', {}, true],
  ['a lease that is created by its holder is a heartbeat', 'created', {}, true],
  ['a lease that is created without a holder is none', 'created', { holderIdentity: '', state: 'unheld' }, false],
  ['an expiry is no heartbeat, whatever the times say', 'expired', { renewTime: at(40), state: 'expired' }, false],
  ['a release is no heartbeat', 'released', { renewTime: at(40), state: 'released' }, false],
  ['a lease told anew with a later renew time is a heartbeat', 'existing', { renewTime: at(40) }, true],
  ['a lease told anew with an equal renew time is none', 'existing', { renewTime: at(30) }, false],
  ['a lease told anew with an earlier renew time is a heartbeat', 'existing', { renewTime: at(20) }, true],
  ['a lease told anew with another token is a heartbeat', 'existing', { renewTime: at(30), fencingToken: 2 }, true],
  ['an expired lease told anew is none', 'existing', { renewTime: at(40), state: 'expired' }, false],
  ['a change of labels alone is none', 'updated', { renewTime: at(30), labels: unknown }, false],
  ['a change of labels that stands for a renewal is a heartbeat', 'updated', { renewTime: at(40) }, true],
]

for (const [title, type, fields, isHeard] of cases) {
  test(title, t => {
    t.is(isHeartbeat(change(type, nodeLease('n-1', { renewTime: at(30), ...fields })), last), isHeard)
  })
}

test('a lease that is seen for the first time is a heartbeat when it is held', t => {
  t.true(isFirstHeartbeat(change('existing', nodeLease('n-1'))))
  t.true(isFirstHeartbeat(change('existing', nodeLease('n-1', { labels: ready }))))
  t.false(isFirstHeartbeat(change('existing', nodeLease('n-1', { state: 'expired' }))))
})

test('a held lease whose node was called Unknown is no heartbeat when it is seen for the first time', t => {
  t.false(isFirstHeartbeat(change('existing', nodeLease('n-1', { labels: unknown }))))
})
