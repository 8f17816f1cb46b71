import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type LeaseholdClient, TransportError } from '../../../client/index.js'
import { startCoordinator } from '../../support/coordinator.js'
import { until } from '../../support/until.js'
import { checkLease, described } from './linearizability.js'
import { type Operation, operationsOf } from './operation.js'
import { recordingClient } from './recording-client.js'

/** A coordinator, and two clients whose history is read at the end. */
async function recorded(t: ExecutionContext) {
  const running = await startCoordinator()
  const folder = mkdtempSync(join(tmpdir(), 'leasehold-history-'))
  const paths = ['one', 'other'].map(process => join(folder, `${process}.jsonl`))
  const clients = ['one', 'other'].map((process, index) =>
    recordingClient(running.address, { path: paths[index] ?? '', process }),
  )
  t.teardown(async () => {
    for (const client of clients) await client.close({ release: false })
    await running.stop()
    rmSync(folder, { recursive: true })
  })
  const [one, other] = clients as [LeaseholdClient, LeaseholdClient]
  const operations = (): Operation[] => {
    const found = operationsOf(...paths.map(path => readFileSync(path, 'utf8')))
    const verdict = checkLease(found)
    t.true(verdict.isLinearizable, described(verdict))
    return found.sort((first, second) => first.callMs - second.callMs)
  }
  return { one, other, operations }
}

const lease = { namespace: 'default', name: 'set' }
const shown = ({ kind, holderIdentity, outcome }: Operation) => [kind, holderIdentity, outcome.type].join(' ')

test('unary calls are in the history with what came of each', async t => {
  const { one, other, operations } = await recorded(t)
  await t.throwsAsync(one.get(lease), { instanceOf: TransportError })
  const { lease: taken } = await one.acquireOnce({ ...lease, holderIdentity: 'a', leaseDurationMs: 60_000 })
  await t.throwsAsync(other.acquireOnce({ ...lease, holderIdentity: 'b', leaseDurationMs: 60_000 }))
  await one.renew({ ...lease, fencingToken: taken.fencingToken })
  await other.get(lease)
  await one.release({ ...lease, fencingToken: taken.fencingToken })
  await t.throwsAsync(one.renew({ ...lease, fencingToken: taken.fencingToken }))
  await other.get(lease)
  const found = operations()
  t.deepEqual(found.map(shown), [
    'read  refused',
    'acquire a acquired',
    'acquire b refused',
    'renew a done',
    'read  read',
    'release a done',
    'renew a refused',
    'read  read',
  ])
  t.deepEqual(found[2]?.outcome, { type: 'refused', reason: 'LEASE_HELD', holderIdentity: 'a' })
  t.like(found[4]?.outcome, { status: 'held', holderIdentity: 'a', token: taken.fencingToken })
  t.like(found[7]?.outcome, { status: 'released', holderIdentity: '', token: taken.fencingToken })
})

test('what a session sends by itself is in the history: renewals, and the confirmation of a grant', async t => {
  const { one, other, operations } = await recorded(t)
  const acquire = { ...lease, leaseDurationMs: 60_000, renewIntervalMs: 50 }
  const first = one.openSession().acquire({ ...acquire, holderIdentity: 'a' })
  await first.whenHeld()
  const second = other.openSession().acquire({ ...acquire, holderIdentity: 'b' })
  await until(() => operations().filter(operation => shown(operation) === 'renew a done').length > 2)
  await first.release()
  await second.whenHeld()
  await second.release()
  const found = operations()
  const grant = found.find(({ kind, holderIdentity }) => kind === 'acquire' && holderIdentity === 'b')
  t.like(grant?.outcome, { type: 'acquired', token: second.fencingToken, unconfirmed: true })
  t.true(found.some(({ kind, tenancy }) => kind === 'renew' && tenancy === second.fencingToken))
  t.is(found.filter(({ kind, outcome }) => kind === 'release' && outcome.type === 'done').length, 2)
})

test('a place in the queue that was given up is an acquire without effect', async t => {
  const { one, other, operations } = await recorded(t)
  await one.acquireOnce({ ...lease, holderIdentity: 'a', leaseDurationMs: 60_000 })
  const hold = other.openSession().acquire({ ...lease, holderIdentity: 'b', leaseDurationMs: 60_000 })
  await until(() => hold.holderIdentity === 'a')
  await hold.release()
  const given = operations().find(({ kind, holderIdentity }) => kind === 'acquire' && holderIdentity === 'b')
  t.deepEqual(given?.outcome, { type: 'refused', reason: 'GIVEN_UP', holderIdentity: '' })
})
