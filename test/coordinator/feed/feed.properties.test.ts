import test from 'ava'
import fc from 'fast-check'
import { Feed, type FeedChange, type Watcher } from '../../../services/coordinator/feed/feed.js'
import type { LeaseImage, Selectable } from '../../../services/coordinator/lease/lease.js'
import type { LeaseRecord, Transition } from '../../../services/coordinator/lease/records.js'
import { image, liveIn, renewals, sampleMicros } from './samples.js'

/** What may happen, in any order. Leases are numbered 1 to 4; `isSelected` is what the label says from then on. */
type Step =
  | { readonly do: 'change'; readonly leaseId: number; readonly isSelected: boolean }
  | { readonly do: 'delete' | 'renew'; readonly leaseId: number }
  | { readonly do: 'publish' | 'pause' | 'resume' | 'poll' | 'rewatch' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('change' as const), leaseId: fc.integer({ min: 1, max: 4 }), isSelected: fc.boolean() }),
  fc.record({ do: fc.constantFrom('delete' as const, 'renew' as const), leaseId: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: fc.constantFrom('publish', 'pause', 'resume', 'poll', 'rewatch') }),
)

const isSelected = (lease: Selectable): boolean => lease.labels?.app === 'db'

/** A feed, the leases as they are, and one watcher that may pause, and begin again where it had got to. */
class World {
  readonly live = new Map<number, LeaseImage>()
  readonly told: FeedChange[] = []
  readonly feed: Feed
  #revision = 100
  #records: LeaseRecord[] = []
  #due: (() => void)[] = []
  #watcher: Watcher | undefined
  /** What the watcher believes: the selected leases by id, at the revision that it was told. */
  readonly believed = new Map<number, number>()
  /** By lease id: up to where everything was durable when its renewal was last told as a number. */
  readonly heardOf = new Map<number, number>()
  /** Leases that were told as renewed before anything else was told of them. */
  readonly strangers: number[] = []
  readonly #isCompact: boolean

  constructor({ isCompact = false } = {}) {
    this.#isCompact = isCompact
    this.feed = new Feed({
      journalId: 'journal',
      clock: { afterPoll: run => void this.#due.push(run) },
      ...liveIn(this.live),
    })
    this.feed.publish([], this.#revision)
    this.#watch(undefined)
  }

  run(step: Step): void {
    switch (step.do) {
      case 'change':
        this.#change(step.leaseId, step.isSelected)
        break
      case 'delete':
        this.#delete(step.leaseId)
        break
      case 'renew':
        this.#renew(step.leaseId)
        break
      case 'publish':
        this.publish()
        break
      case 'pause':
        this.#watcher?.pause()
        break
      case 'resume':
        this.#watcher?.resume()
        break
      case 'poll':
        this.#poll()
        break
      case 'rewatch':
        this.#watcher?.close()
        this.#watch(this.#watcher?.revision)
    }
  }

  publish(): void {
    const records = this.#records
    this.#records = []
    this.feed.publish(records, this.#revision)
  }

  settle(): void {
    this.publish()
    this.#watcher?.resume()
    while (this.#due.length > 0) this.#poll()
  }

  #watch(resumeAfter: number | undefined): void {
    this.#watcher = this.feed.watch({
      scope: { namespace: '', name: '' },
      matches: isSelected,
      ...(resumeAfter === undefined ? {} : { resumeAfter }),
      includeRenewals: true,
      compactRenewals: this.#isCompact,
      deliver: (changes, _revision, renewedIds) => {
        for (const change of changes) this.#tell(change)
        for (const id of renewedIds) {
          if (!this.believed.has(id)) this.strangers.push(id)
          this.heardOf.set(id, this.feed.revision)
        }
      },
      cutOff: error => {
        throw error
      },
    })
  }

  #tell(change: FeedChange): void {
    const { id, revision } = change.lease
    this.told.push(change)
    if (change.type === 'deleted') this.believed.delete(id)
    else this.believed.set(id, revision)
  }

  #change(leaseId: number, isSelected: boolean): void {
    const before = this.live.get(leaseId)
    this.#revision += 1
    const labels: Record<string, string> = isSelected ? { app: 'db' } : {}
    const lease = image(this.#revision, { id: leaseId, labels })
    this.live.set(leaseId, lease)
    const isRelabelled = before !== undefined && before.labels?.app !== labels.app
    const transition: Transition = {
      type: before === undefined ? 'created' : 'updated',
      time: sampleMicros,
      lease,
      ...(isRelabelled ? { previousLabels: before.labels ?? {} } : {}),
    }
    this.#records.push(transition)
  }

  #delete(leaseId: number): void {
    const lease = this.live.get(leaseId)
    if (lease === undefined) return
    this.#revision += 1
    this.live.delete(leaseId)
    this.#records.push({ type: 'deleted', time: sampleMicros, lease: { ...lease, revision: this.#revision } })
  }

  #renew(leaseId: number): void {
    const lease = this.live.get(leaseId)
    if (lease === undefined) return
    this.#revision += 1
    this.live.set(leaseId, { ...lease, revision: this.#revision })
    this.#records.push(renewals(this.#revision, leaseId))
  }

  #poll(): void {
    const due = this.#due
    this.#due = []
    for (const run of due) run()
  }
}

test('however it pauses and resumes, a watcher ends up with the leases as they are', t => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), steps => {
      const world = new World()
      for (const each of steps) world.run(each)
      world.settle()
      const selected = [...world.live.values()].filter(isSelected)
      const expected = new Map(selected.map(({ id, revision }) => [id, revision]))
      t.deepEqual(new Map([...world.believed].sort()), new Map([...expected].sort()))
    }),
    { numRuns: 2_000 },
  )
})

test('a watcher never hears of a lease what is older than what it has heard, nor what is not durable', t => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), steps => {
      const world = new World()
      for (const each of steps) {
        const heardBefore = world.told.length
        world.run(each)
        for (const { lease } of world.told.slice(heardBefore)) {
          if (lease.revision > world.feed.revision) t.fail(`revision ${lease.revision} is not durable`)
        }
      }
      world.settle()
      if (steps.some(each => each.do === 'rewatch')) return
      const newest = new Map<number, number>()
      for (const { lease } of world.told) {
        if (lease.revision <= (newest.get(lease.id) ?? 0)) t.fail(`lease ${lease.id} went back to ${lease.revision}`)
        newest.set(lease.id, lease.revision)
      }
    }),
    { numRuns: 2_000 },
  )
  t.pass()
})

test('however it pauses and begins again, a compact watcher hears of every last renewal, and of no lease unknown to it', t => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), steps => {
      const world = new World({ isCompact: true })
      for (const each of steps) world.run(each)
      world.settle()
      t.deepEqual(world.strangers, [])
      const selected = [...world.live.values()].filter(isSelected)
      t.deepEqual([...world.believed.keys()].sort(), selected.map(({ id }) => id).sort())
      for (const { id, revision } of selected) {
        const toldAt = Math.max(world.believed.get(id) ?? 0, world.heardOf.get(id) ?? 0)
        if (toldAt < revision) t.fail(`the renewal of lease ${id} at ${revision} was not told`)
      }
    }),
    { numRuns: 2_000 },
  )
})
