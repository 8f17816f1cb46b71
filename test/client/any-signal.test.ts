import test from 'ava'
import { anySignal } from '../../client/any-signal.js'
import { LeaseholdClient } from '../../client/index.js'
import { VirtualClock } from '../support/virtual-clock.js'
import { fixedRandom } from '../support/virtual-random.js'
import { FakeCoordinator } from './fake-coordinator.js'

/** How much a signal keeps: its listeners, and what Node notes of signals that are made of it. */
function keptAt(signal: AbortSignal): number {
  const members = Object.getOwnPropertySymbols(signal).map(symbol => Reflect.get(signal, symbol))
  return members.reduce<number>((sum, member) => sum + (Number(member?.size) || 0), 0)
}

test('a signal made of others is aborted with the first of them, for its reason', t => {
  const [one, other] = [new AbortController(), new AbortController()]
  const { signal } = anySignal(one.signal, other.signal)
  t.false(signal.aborted)
  other.abort('enough')
  one.abort('too late')
  t.true(signal.aborted)
  t.is(signal.reason, 'enough')
  t.true(anySignal(other.signal).signal.aborted)
})

test('what is let go is aborted no more, and leaves nothing behind', t => {
  const controller = new AbortController()
  const { signal, letGo } = anySignal(controller.signal, new AbortController().signal)
  t.is(keptAt(controller.signal), 1)
  letGo()
  t.is(keptAt(controller.signal), 0)
  controller.abort()
  t.false(signal.aborted)
})

test('calls and watches leave nothing behind at the signal that they end with', async t => {
  const coordinator = new FakeCoordinator()
  coordinator.onCall = async () => ({ leases: [], revision: '1', journalId: 'journal', nextPageToken: '' })
  const client = new LeaseholdClient({
    addresses: ['one:1'],
    clock: new VirtualClock(),
    random: fixedRandom(),
    transport: address => coordinator.connect(address),
  })
  const { signal } = new AbortController()
  for (let call = 0; call < 20; call++) await client.list({}, { signal }).next()
  t.is(keptAt(signal), 0)
  const next = client.watch({ signal }).next()
  t.is(keptAt(signal), 1)
  await client.close()
  await next
  t.is(keptAt(signal), 0)
})
