import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type HoldStreamHandlers, type LeaseholdClient, type Transport, TransportError } from '../../../client/index.js'
import type { HoldResponse } from '../../../protos/hold.js'
import { startCoordinator } from '../../support/coordinator.js'
import { until } from '../../support/until.js'
import { HistoryFile } from './history-file.js'
import { checkLease, described } from './linearizability.js'
import { type Operation, operationsOf } from './operation.js'
import { RecordedStream } from './recorded-stream.js'
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
    const found = operationsOf(...paths.filter(existsSync).map(path => readFileSync(path, 'utf8')))
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

test('a renewal of all leases that is answered after the loss of one did not renew that one', t => {
  const folder = mkdtempSync(join(tmpdir(), 'leasehold-history-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'one.jsonl')
  let tell: (message: HoldResponse) => void = () => {}
  const transport = {
    openHold(handlers: HoldStreamHandlers) {
      tell = message => handlers.onMessage(message)
      return { hasRoom: true, send: () => {}, close: () => {} }
    },
  } as unknown as Transport
  const handlers = { onMessage() {}, onDrain() {}, onEnd() {} }
  const stream = new RecordedStream(transport, handlers, new HistoryFile(path, 'one'), new Map())
  const grant = { type: 'acquired', renewAfterMs: 1, leaseDurationMs: 4, resumed: false, unconfirmed: false } as const
  for (const handle of [1, 2]) {
    const holder = { namespace: 'default', name: `lease-${handle}`, holderIdentity: 'a', instance: '' }
    const request = { type: 'acquire', leaseDurationMs: 4, priority: 0, supersede: false } as const
    stream.send({ ...request, ...holder, requestId: handle })
    tell({ ...grant, requestId: handle, handle, fencingToken: 10 + handle })
  }
  stream.send({ type: 'renew', requestId: 3, handles: 'all' })
  tell({ type: 'lost', handle: 1, cause: 'expired' })
  tell({ type: 'renewed', requestId: 3, failures: [], renewAfterMs: 1 })
  const renewals = operationsOf(readFileSync(path, 'utf8')).filter(({ kind }) => kind === 'renew')
  t.deepEqual(
    renewals.map(({ lease, outcome }) => [lease, outcome.type]),
    [
      ['default/lease-1', 'refused'],
      ['default/lease-2', 'done'],
    ],
  )
})
