import test from 'ava'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'
import { approximateBytes, readNamed, readSlice } from '../../../services/coordinator/reads/lease-slices.js'
import { leader } from '../../support/core.js'
import { VirtualCoordinator } from '../../support/virtual-coordinator.js'

const { namespace } = leader
const matches = () => true

const bare: LeaseImage = {
  id: 7,
  namespace: 'ns',
  name: 'n',
  uid: 'u',
  creationTimestamp: 1_700_000_000,
  state: 'unheld',
  fencingToken: 0,
  revision: 7,
}

test('the size of a lease is about that of its strings', t => {
  t.true(approximateBytes({ ...bare, finalizers: ['f'] }) > approximateBytes(bare))
  t.true(approximateBytes({ ...bare, annotations: { a: 'x'.repeat(100_000) } }) > 100_000)
})

async function withLeases(...names: string[]): Promise<VirtualCoordinator> {
  const world = await VirtualCoordinator.start()
  for (const name of names) {
    const acquired = world.acquire(name)
    await world.pass(0)
    await acquired
  }
  return world
}

/** Lets a question be answered. */
async function answered<T>(world: VirtualCoordinator, answer: Promise<T>): Promise<T> {
  await world.pass(0)
  return answer
}

test('a slice ends where it would be too large, but has one lease at least', async t => {
  const world = await withLeases('a', 'b', 'c')
  const bytes = approximateBytes(world.state()[0] ?? bare)
  const query = { namespace, matches, limit: 10 }
  const two = await answered(world, readSlice(world.coordinator, query, 2 * bytes))
  t.deepEqual(
    two.leases.map(({ lease }) => lease.name),
    ['a', 'b'],
  )
  const one = await answered(world, readSlice(world.coordinator, { ...query, after: two.after ?? '' }, 1))
  t.deepEqual(
    one.leases.map(({ lease }) => lease.name),
    ['c'],
  )
  t.is(one.after, undefined)
})

test('a lease is read with the time at which it would expire', async t => {
  const world = await withLeases('a')
  const { leases, revision } = await answered(world, readNamed(world.coordinator, { namespace, name: 'a', matches }))
  const { lease, expireTime } = leases[0] ?? {}
  t.is(expireTime, Number(lease?.renewTime) + 15_000_000)
  t.is(revision, world.open.table.revision)
})

test('a lease that is not there, or not selected, makes an empty slice', async t => {
  const world = await withLeases('a')
  const missing = readNamed(world.coordinator, { namespace, name: 'b', matches })
  t.deepEqual((await answered(world, missing)).leases, [])
  const unselected = readNamed(world.coordinator, { namespace, name: 'a', matches: () => false })
  t.deepEqual((await answered(world, unselected)).leases, [])
})
