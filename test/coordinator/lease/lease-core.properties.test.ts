import test from 'ava'
import fc from 'fast-check'
import { encodeEntry } from '../../../services/coordinator/journal/entry-codec.js'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'
import { LeaseNode } from '../../../services/coordinator/lease/lease-node.js'
import { LeaseTable } from '../../../services/coordinator/lease/lease-table.js'
import { isTransition, type LeaseRecord, type Transition } from '../../../services/coordinator/lease/records.js'
import { Waiter } from '../../../services/coordinator/lease/session.js'
import { isKeptBack } from '../../../services/coordinator/lease/tenancies.js'
import { RandomRun } from '../../support/core-runs.js'

const steps = 150
const firstRevision = 101

/** What was said so far about one lease. */
interface Story {
  image: LeaseImage | undefined
}

/** Runs random commands and hands every record to `look`, in order. */
function play(seed: number, look: (record: LeaseRecord, run: RandomRun) => void, check?: (run: RandomRun) => void) {
  const run = new RandomRun(seed, check)
  run.run(steps)
  for (const record of run.world.log) look(record, run)
  return run
}

function rule(title: string, holds: (seed: number) => void): void {
  test(title, t => {
    fc.assert(fc.property(fc.integer(), holds), { numRuns: 150 })
    t.pass()
  })
}

function must(condition: boolean, what: () => string): void {
  if (!condition) throw new Error(what())
}

const shown = (record: LeaseRecord): string =>
  JSON.stringify(record, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))

rule('revisions are contiguous: every transition and every renewal takes exactly one', seed => {
  let next = firstRevision
  play(seed, record => {
    if (isTransition(record)) must(record.lease.revision === next++, () => `${shown(record)} is not at ${next - 1}`)
    else if (record.type === 'renewed') {
      must(record.firstRevision === next, () => `${shown(record)} does not begin at ${next}`)
      must(record.leaseIds.length === record.renewTimes.length && record.leaseIds.length > 0, () => shown(record))
      next += record.leaseIds.length
    }
  })
})

rule('no token is given twice, and those of a name only grow', seed => {
  const given = new Set<number>()
  const last = new Map<string, number>()
  play(seed, record => {
    if (!isTransition(record)) return
    const { lease, type } = record
    const isTaken = type === 'acquired' || type === 'transferred' || (type === 'created' && lease.state === 'held')
    if (isTaken) {
      must(lease.fencingToken === lease.revision, () => `${shown(record)} has another token than its revision`)
      must(!given.has(lease.fencingToken), () => `token ${lease.fencingToken} is given twice`)
      must(lease.fencingToken > (last.get(lease.name) ?? 0), () => `token ${lease.fencingToken} does not grow`)
      given.add(lease.fencingToken)
      last.set(lease.name, lease.fencingToken)
    }
  })
})

rule('a lease has one holder at most: nobody takes it but after an expiry, a release or a transfer', seed => {
  const stories = new Map<string, Story>()
  play(seed, record => {
    if (!isTransition(record)) return
    const { lease, type } = record
    const before = stories.get(lease.name)?.image
    const wasHeld = before?.state === 'held'
    switch (type) {
      case 'created':
        must(before === undefined, () => `${shown(record)} is there already`)
        break
      case 'acquired':
        must(before !== undefined && !wasHeld, () => `${shown(record)} was held by ${before?.holderIdentity}`)
        break
      case 'transferred':
      case 'expired':
      case 'released':
        must(wasHeld && record.previousHolder === before.holderIdentity, () => `${shown(record)} was not held so`)
        break
      case 'updated':
        must(before?.state === lease.state, () => `${shown(record)} changes the state`)
        must(!wasHeld || before.holderIdentity === lease.holderIdentity, () => `${shown(record)} changes the holder`)
        must(before?.fencingToken === lease.fencingToken, () => `${shown(record)} changes the token`)
        break
      case 'deleted':
        must(before !== undefined, () => `${shown(record)} is not there`)
    }
    stories.set(lease.name, { image: type === 'deleted' ? undefined : lease })
  })
})

rule('within its takeover delay a lease that expired goes back to its last holder only', seed => {
  const expiries = new Map<number, Transition>()
  play(seed, record => {
    if (!isTransition(record)) return
    const expiry = expiries.get(record.lease.id)
    if (expiry !== undefined && record.type === 'acquired') {
      const passedMs = (record.time - expiry.time) / 1e3
      const isDelayOver = passedMs >= (expiry.lease.takeoverDelayMs ?? 0)
      must(isDelayOver || record.lease.holderIdentity === expiry.previousHolder, () => shown(record))
    }
    if (record.type === 'expired' && record.cause === undefined) expiries.set(record.lease.id, record)
    else if (record.type !== 'updated') expiries.delete(record.lease.id)
  })
})

rule('times that the coordinator writes never go back', seed => {
  const last = new Map<number, unknown>()
  const written = new Set<number>()
  play(seed, record => {
    if (isTransition(record)) {
      const { id, renewTime, isWritten, state } = record.lease
      const before = last.get(id)
      // Kubernetes clients write what they like, and to a lease that nobody holds, too.
      const isOwn = !isWritten && state === 'held'
      if (isOwn && typeof before === 'number') must(Number(renewTime) >= before, () => `${shown(record)} goes back`)
      last.set(id, renewTime)
      if (isWritten) written.add(id)
      else written.delete(id)
    } else if (record.type === 'renewed') {
      record.leaseIds.forEach((id, index) => {
        const before = last.get(id)
        const renewTime = record.renewTimes[index] ?? 0
        const isForward = typeof before !== 'number' || renewTime > before
        must(isForward || written.has(id), () => `a renewal of ${id} moves no time`)
        last.set(id, renewTime)
      })
    }
  })
})

rule('whoever folds the records has exactly the leases of the one that made them', seed => {
  const copy = new LeaseTable(0)
  const { world } = play(seed, record => copy.apply(record))
  must(bytesOf(copy).equals(bytesOf(world.table)), () => 'the leases differ')
  must(copy.revision === world.table.revision, () => `${copy.revision} is not ${world.table.revision}`)
  must(JSON.stringify(copy.counts) === JSON.stringify(world.table.counts), () => 'the counts differ')
})

rule('a lease and the session that holds it know each other; only what is held or kept back has a deadline', seed => {
  play(
    seed,
    () => {},
    ({ world }) => {
      const counts = { unheld: 0, held: 0, expired: 0, released: 0 }
      for (const node of world.table.nodes()) {
        counts[node.state]++
        if (node.session !== undefined) {
          must(node.session.isOpen, () => `${node.name} belongs to a session that is over`)
          must(node.session.handles.get(node.handle) === node, () => `${node.name} is not at its handle`)
        }
        const { name, state } = node
        const isScheduled = node.heapIndex >= 0
        must(isScheduled === Number.isFinite(node.deadline), () => `${name}: deadline`)
        must(state !== 'held' || isScheduled, () => `${name} is held without end`)
        must(!isScheduled || state === 'held' || state === 'expired', () => `${name} is ${state} and scheduled`)
      }
      must(JSON.stringify(counts) === JSON.stringify(world.table.counts), () => 'the counts are wrong')
    },
  )
})

rule('what a session has at a handle is a lease that it holds or a place where it waits', seed => {
  play(
    seed,
    () => {},
    ({ world, sessions }) => {
      let waiting = 0
      for (const { session } of sessions) {
        const places = [...session.handles.values()].filter(holding => holding instanceof Waiter)
        must(places.length === session.waiting, () => `${places.length} places, not ${session.waiting}`)
        waiting += places.length
        for (const [handle, holding] of session.handles) {
          if (holding instanceof LeaseNode) {
            must(holding.session === session && holding.handle === handle, () => `handle ${handle} is somebody else's`)
            must(holding.state === 'held', () => `handle ${handle} is not held`)
          } else must(holding.handle === handle && holding.heapIndex >= 0, () => `place ${handle} is not scheduled`)
        }
      }
      must(waiting === world.sessions.waiting, () => `${waiting} wait, not ${world.sessions.waiting}`)
    },
  )
})

rule('after a batch nobody waits for a lease that is free', seed => {
  const run = new RandomRun(seed)
  for (let i = 0; i < 10; i++) {
    run.run(steps / 10)
    for (const node of run.world.table.nodes()) {
      const { name, state } = node
      const isFree = state !== 'held' && !isKeptBack(node, run.world.now)
      must(!isFree || !run.world.sessions.isAwaited(node), () => `${name} is ${state}`)
    }
  }
})

/** The leases of a table as the journal has them. */
function bytesOf(table: LeaseTable): Buffer {
  const images = [...table.images()].sort((a, b) => a.id - b.id)
  const records = images.map((lease): LeaseRecord => ({ type: 'created', time: 0, lease }))
  return Buffer.from(encodeEntry({ epoch: 1, firstRevision: 1, records }))
}

test('the same seed gives the same records', t => {
  const [one, two] = [new RandomRun(7), new RandomRun(7)]
  one.run(500)
  two.run(500)
  t.deepEqual(one.world.log, two.world.log)
  t.true(one.world.log.length > 100)
})
