import test from 'ava'
import fc from 'fast-check'
import type { ListQuery } from '../../../services/coordinator/lease/commands.js'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'
import { LeaseTable } from '../../../services/coordinator/lease/lease-table.js'
import type { LeaseRecord, Renewals, Transition } from '../../../services/coordinator/lease/records.js'
import { CoreWorld, codeOf, leader } from '../../support/core.js'
import { randomLog } from '../../support/core-runs.js'
import { image, renewals, transition } from '../feed/samples.js'

function fold(records: readonly LeaseRecord[], table = new LeaseTable(0)): LeaseTable {
  for (const record of records) table.apply(record)
  return table
}

const imagesOf = (table: LeaseTable): LeaseImage[] => [...table.images()].sort((a, b) => a.id - b.id)

function list(table: LeaseTable, query: Partial<ListQuery> = {}) {
  return table.list({ namespace: '', matches: () => true, limit: 1_000, ...query })
}

const named = (revision: number, namespace: string, name: string): Transition =>
  transition(revision, { namespace, name })

test('the fold of the records is the state that made them', t => {
  const world = new CoreWorld()
  world.acquire()
  world.pass(4_000)
  world.core.renew({ ...leader, fencingToken: 101 }, world.time)
  world.acquire({ name: 'other' })
  world.core.delete({ ...leader }, world.time)
  t.deepEqual(imagesOf(fold(world.records())), imagesOf(world.table))
})

test('replaying any suffix of the records onto a later state changes nothing', t => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(), fc.nat(), (seed, cut, from) => {
      const records = randomLog(seed, 120)
      const whole = fold(records)
      const later = records.slice(0, cut % (records.length + 1))
      const suffix = records.slice(from % (later.length + 1))
      const replayed = fold(suffix, fold(later))
      t.deepEqual(imagesOf(replayed), imagesOf(whole))
      t.deepEqual(replayed.counts, whole.counts)
      t.is(replayed.revision, whole.revision)
      t.deepEqual(list(replayed).leases, list(whole).leases)
    }),
    { numRuns: 50 },
  )
})

test('namespaces are those with leases, each once, in order, and come in pieces', t => {
  const names = ['b/x', 'a/z', 'a/a', 'a-b/a', 'b/y', 'a0/a', 'c/a'].map(path => path.split('/'))
  const table = fold(names.map(([namespace = '', name = ''], i) => named(i + 1, namespace, name)))
  t.deepEqual(table.namespaces('', 10), ['a', 'a-b', 'a0', 'b', 'c'])
  t.deepEqual(table.namespaces('', 2), ['a', 'a-b'])
  t.deepEqual(table.namespaces('a-b', 2), ['a0', 'b'])
  t.deepEqual(table.namespaces('c', 2), [])
  t.deepEqual(table.namespaces('aa', 1), ['b'])
  t.deepEqual(new LeaseTable(0).namespaces('', 2), [])
})

test('replay bears with renewals of leases that are gone', t => {
  const table = fold([renewals(5, 1, 2, 3)])
  t.is(table.size, 0)
  t.is(table.revision, 7)
})

test('replay bears with the deletion of a lease whose name belongs to another by now', t => {
  const table = new LeaseTable(0)
  table.restore(image(20))
  table.apply(transition(15, { id: 10 }, { type: 'deleted' }))
  t.is(table.find({ namespace: 'kube-system', name: 'kube-scheduler' })?.id, 20)
  t.is(table.size, 1)
})

test('a snapshot may have a lease and the one that was created under its name meanwhile', t => {
  const table = new LeaseTable(0)
  table.restore(image(10))
  table.restore(image(20))
  t.is(table.size, 1)
  table.apply(transition(15, { id: 10 }, { type: 'deleted' }))
  table.apply({ type: 'created', time: 0, lease: image(20) })
  t.is(table.find({ namespace: 'kube-system', name: 'kube-scheduler' })?.id, 20)
  t.deepEqual(table.counts, { unheld: 0, held: 1, expired: 0, released: 0 })
})

test('a renewal moves the renew time and the revision, and nothing else', t => {
  const created = transition(10)
  const run: Renewals = { type: 'renewed', firstRevision: 11, leaseIds: [10], renewTimes: [1_800_000_000_000_000] }
  const table = fold([created, run])
  t.deepEqual(imagesOf(table), [{ ...created.lease, renewTime: 1_800_000_000_000_000, revision: 11 }])
})

test('the cursor of the outbox changes no lease and takes no revision', t => {
  const table = fold([transition(10), { type: 'published', throughRevision: 10 }])
  t.is(table.revision, 10)
})

test('leases are counted by state', t => {
  const table = fold([
    named(1, 'a', 'x'),
    named(2, 'a', 'y'),
    transition(3, { id: 1, namespace: 'a', name: 'x', state: 'expired' }, { type: 'expired' }),
    transition(4, { id: 2, namespace: 'a', name: 'y' }, { type: 'deleted' }),
  ])
  t.deepEqual(table.counts, { unheld: 0, held: 0, expired: 1, released: 0 })
})

test('a list is sorted by namespace, then name, in whatever order leases came', t => {
  const table = fold([
    named(1, 'b', 'a'),
    named(2, 'a-b', 'c'),
    named(3, 'a', 'z'),
    named(4, 'a', 'b'),
    named(5, 'a', 'b.c'),
  ])
  t.deepEqual(
    list(table).leases.map(({ namespace, name }) => `${namespace}/${name}`),
    ['a/b', 'a/b.c', 'a/z', 'a-b/c', 'b/a'],
  )
})

test('a list of a namespace has none of another whose name begins like it', t => {
  const table = fold([named(1, 'a', 'x'), named(2, 'ab', 'x'), named(3, 'a-b', 'x')])
  t.deepEqual(
    list(table, { namespace: 'a' }).leases.map(({ namespace }) => namespace),
    ['a'],
  )
})

test('pages together have every lease once, and the last says that it is', t => {
  const table = fold(Array.from({ length: 7 }, (_, index) => named(index + 1, 'a', `lease-${index}`)))
  const found: string[] = []
  let after: string | undefined
  let pages = 0
  do {
    const page = list(table, { namespace: 'a', limit: 3, ...(after === undefined ? {} : { after }) })
    found.push(...page.leases.map(({ name }) => name))
    after = page.after
    pages++
  } while (after !== undefined)
  t.is(pages, 3)
  t.deepEqual(
    found,
    Array.from({ length: 7 }, (_, index) => `lease-${index}`),
  )
})

test('a page that is exactly full and the last names no next one', t => {
  const table = fold([named(1, 'a', 'x'), named(2, 'a', 'y'), named(3, 'b', 'z')])
  t.is(list(table, { namespace: 'a', limit: 2 }).after, undefined)
  t.not(list(table, { limit: 2 }).after, undefined)
})

test('the next page goes on although the lease at which the last one ended is gone', t => {
  const table = fold([named(1, 'a', 'x'), named(2, 'a', 'y'), named(3, 'a', 'z')])
  const first = list(table, { limit: 2 })
  table.apply(transition(4, { id: 2, namespace: 'a', name: 'y' }, { type: 'deleted' }))
  t.deepEqual(
    list(table, { ...(first.after === undefined ? {} : { after: first.after }) }).leases.map(({ name }) => name),
    ['z'],
  )
})

test('a page looks at 10,000 leases and no more: it may come empty, and the next goes on', t => {
  const count = 10_001
  const table = fold(
    Array.from({ length: count }, (_, index) => named(index + 1, 'a', `lease-${String(index).padStart(6, '0')}`)),
  )
  let looks = 0
  const matches = ({ id }: LeaseImage): boolean => {
    looks++
    return id === count
  }
  const first = list(table, { matches })
  t.is(first.leases.length, 0)
  t.is(looks, 10_000)
  const second = list(table, { matches, ...(first.after === undefined ? {} : { after: first.after }) })
  t.deepEqual(
    second.leases.map(({ id }) => id),
    [count],
  )
  t.is(second.after, undefined)
})

test('a list shows a lease as its last renewal left it', t => {
  const table = fold([transition(10), renewals(11, 10)])
  t.is(list(table).leases[0]?.revision, 11)
})

test('what is not there is LEASE_NOT_FOUND, and the message names it', t => {
  const table = new LeaseTable(0)
  t.is(
    codeOf(() => table.need(leader)),
    'LEASE_NOT_FOUND',
  )
  t.throws(() => table.need(leader), { message: /test\/leader/ })
})
