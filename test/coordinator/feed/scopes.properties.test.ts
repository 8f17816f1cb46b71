/**
 * Watchers of every scope, with and without labels and renewals, beside each other: what each is told is compared with
 * a plain filter of all that was ever published.
 */
import test from 'ava'
import fc from 'fast-check'
import { Feed, type FeedChange, type Watcher } from '../../../services/coordinator/feed/feed.js'
import { isInScope, type Scope } from '../../../services/coordinator/feed/scope.js'
import { type LeaseImage, leasePath, type Selectable } from '../../../services/coordinator/lease/lease.js'
import { isTransition, type LeaseRecord, type Transition } from '../../../services/coordinator/lease/records.js'
import { image, liveIn, renewals, sampleMicros } from './samples.js'

const namespaces = ['a', 'b']
const names = ['x', 'y', 'z']
const scopes: readonly Scope[] = ['', ...namespaces].flatMap(namespace =>
  ['', ...(namespace === '' ? [] : names)].map(name => ({ namespace, name })),
)

interface Selection {
  readonly scope: Scope
  readonly isLabelled: boolean
  readonly includeRenewals: boolean
}

const readerCount = 5

const place = { namespace: fc.constantFrom(...namespaces), name: fc.constantFrom(...names) }
const reader = { reader: fc.nat({ max: readerCount - 1 }) }
const selection: fc.Arbitrary<Selection> = fc.record({
  scope: fc.constantFrom(...scopes),
  isLabelled: fc.boolean(),
  includeRenewals: fc.boolean(),
})

/** What may happen, in any order. `rewatch` begins again where the reader had got to, `watch` as another one. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('change' as const), ...place, isLabelled: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'renew' as const), ...place }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('publish' as const, 'poll' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const, 'rewatch' as const), ...reader }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('watch' as const), ...reader, selection, back: fc.nat(20) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** One that watches, and begins again when it likes. */
class Reader {
  readonly selection: Selection
  readonly told: FeedChange[] = []
  readonly beganAfter: number
  readonly #feed: Feed
  watcher: Watcher
  /** Where it was when it was cut off. */
  stoppedAt: number | undefined

  constructor(feed: Feed, selection: Selection, beganAfter: number) {
    this.#feed = feed
    this.selection = selection
    this.beganAfter = beganAfter
    this.watcher = this.#watch(beganAfter)
  }

  get isCutOff(): boolean {
    return this.stoppedAt !== undefined
  }

  /** Begins again where it had got to, if the window still allows it. */
  rewatch(): void {
    const { revision } = this.watcher
    if (this.isCutOff || revision < this.#feed.windowStart) return
    this.watcher.close()
    this.watcher = this.#watch(revision)
  }

  readonly matches = (lease: Selectable): boolean =>
    isInScope(lease, this.selection.scope) && (!this.selection.isLabelled || lease.labels?.app === 'db')

  /** The transitions that it was told, each once: with renewals a resume may repeat some. */
  get transitions(): string[] {
    return [...new Set(this.told.filter(({ type }) => type !== 'renewed').map(text))]
  }

  #watch(resumeAfter: number): Watcher {
    const { scope, includeRenewals } = this.selection
    return this.#feed.watch({
      scope,
      matches: this.matches,
      resumeAfter,
      includeRenewals,
      deliver: changes => void this.told.push(...changes),
      cutOff: () => {
        this.stoppedAt = this.watcher.revision
      },
    })
  }
}

const text = ({ type, lease }: Pick<FeedChange, 'type' | 'lease'>): string => `${type}@${lease.revision}`

class World {
  readonly live = new Map<number, LeaseImage>()
  readonly feed: Feed
  readonly readers: Reader[] = []
  /** Every transition that was published. */
  readonly history: Transition[] = []
  #revision = 100
  #records: LeaseRecord[] = []
  #due: (() => void)[] = []

  constructor(windowSize: number, selections: readonly Selection[]) {
    this.feed = new Feed({
      journalId: 'journal',
      windowSize,
      clock: { afterPoll: run => void this.#due.push(run) },
      ...liveIn(this.live),
    })
    this.feed.publish([], this.#revision)
    for (const selection of selections) this.#begin(this.readers.length, selection, 0)
  }

  run(step: Step): void {
    switch (step.do) {
      case 'change':
        this.#change(step.namespace, step.name, step.isLabelled)
        break
      case 'delete':
        this.#delete(step.namespace, step.name)
        break
      case 'renew':
        this.#renew(step.namespace, step.name)
        break
      case 'publish':
        this.publish()
        break
      case 'poll':
        this.#poll()
        break
      case 'pause':
        this.readers[step.reader]?.watcher.pause()
        break
      case 'resume':
        this.readers[step.reader]?.watcher.resume()
        break
      case 'rewatch':
        this.readers[step.reader]?.rewatch()
        break
      case 'watch':
        this.readers[step.reader]?.watcher.close()
        this.#begin(step.reader, step.selection, step.back)
    }
  }

  publish(): void {
    const records = this.#records
    this.#records = []
    this.history.push(...records.filter(isTransition))
    this.feed.publish(records, this.#revision)
  }

  settle(): void {
    this.publish()
    for (const { watcher } of this.readers) watcher.resume()
    while (this.#due.length > 0) this.#poll()
  }

  /** What a reader is to hear up to a revision. */
  expected({ matches, beganAfter }: Reader, throughRevision: number): string[] {
    return this.history
      .filter(({ lease }) => lease.revision > beganAfter && lease.revision <= throughRevision)
      .flatMap(({ type, lease, previousLabels }) => {
        const isIn = matches(lease)
        const wasIn = previousLabels === undefined ? isIn : matches({ ...lease, labels: previousLabels })
        if (!isIn && !wasIn) return []
        if (isIn && wasIn) return [text({ type, lease })]
        return [text({ type: isIn ? 'created' : 'deleted', lease })]
      })
  }

  #begin(index: number, selection: Selection, back: number): void {
    const after = Math.max(this.feed.revision - back, this.feed.windowStart)
    this.readers[index] = new Reader(this.feed, selection, after)
  }

  #change(namespace: string, name: string, isLabelled: boolean): void {
    const before = this.#find(namespace, name)
    this.#revision += 1
    const labels: Record<string, string> = isLabelled ? { app: 'db' } : {}
    const lease = image(this.#revision, { id: before?.id ?? this.#revision, namespace, name, labels })
    this.live.set(lease.id, lease)
    const isRelabelled = before !== undefined && before.labels?.app !== labels.app
    this.#records.push({
      type: before === undefined ? 'created' : 'updated',
      time: sampleMicros,
      lease,
      ...(isRelabelled && { previousLabels: before.labels ?? {} }),
    })
  }

  #delete(namespace: string, name: string): void {
    const lease = this.#find(namespace, name)
    if (lease === undefined) return
    this.#revision += 1
    this.live.delete(lease.id)
    this.#records.push({ type: 'deleted', time: sampleMicros, lease: { ...lease, revision: this.#revision } })
  }

  #renew(namespace: string, name: string): void {
    const lease = this.#find(namespace, name)
    if (lease === undefined) return
    this.#revision += 1
    this.live.set(lease.id, { ...lease, revision: this.#revision })
    this.#records.push(renewals(this.#revision, lease.id))
  }

  #find(namespace: string, name: string): LeaseImage | undefined {
    return [...this.live.values()].find(lease => leasePath(lease) === leasePath({ namespace, name }))
  }

  #poll(): void {
    const due = this.#due
    this.#due = []
    for (const run of due) run()
  }
}

const world = fc.record({
  windowSize: fc.constantFrom(3, 10, 1_000),
  selections: fc.array(selection, { minLength: readerCount, maxLength: readerCount }),
  steps: fc.array(step, { maxLength: 120 }),
})

test('whatever the scope, a watcher hears what a filter of the whole history finds, in order and once', t => {
  fc.assert(
    fc.property(world, ({ windowSize, selections, steps }) => {
      const world = new World(windowSize, selections)
      for (const each of steps) world.run(each)
      world.settle()
      for (const reader of world.readers) {
        const expected = world.expected(reader, reader.stoppedAt ?? world.feed.revision)
        const { transitions } = reader
        t.deepEqual(reader.isCutOff ? transitions.slice(0, expected.length) : transitions, expected)
        if (!reader.selection.includeRenewals) t.deepEqual(reader.told.map(text), transitions)
        if (!reader.isCutOff) t.is(reader.watcher.revision, world.feed.revision)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('at any time everything up to the revision of a watcher was told, so that a resume there misses nothing', t => {
  fc.assert(
    fc.property(world, ({ windowSize, selections, steps }) => {
      const world = new World(windowSize, selections)
      for (const each of steps) {
        world.run(each)
        for (const reader of world.readers) {
          const expected = world.expected(reader, reader.stoppedAt ?? reader.watcher.revision)
          t.deepEqual(reader.transitions.slice(0, expected.length), expected)
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('a watcher is cut off only when the window has moved past a change that it was still to hear', t => {
  fc.assert(
    fc.property(world, ({ windowSize, selections, steps }) => {
      const world = new World(windowSize, selections)
      for (const each of steps) {
        const before = world.readers.map(reader => ({ reader, isCutOff: reader.isCutOff }))
        world.run(each)
        for (const { reader, isCutOff } of before) {
          const waits = world.expected(reader, world.feed.windowStart).length > reader.transitions.length
          if (reader.isCutOff && !isCutOff) t.true(waits)
          if (!reader.isCutOff && world.readers.includes(reader)) t.false(waits)
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('with renewals a watcher of any scope ends up with the newest state of what it selects', t => {
  fc.assert(
    fc.property(world, ({ windowSize, selections, steps }) => {
      const renewing = selections.map(each => ({ ...each, includeRenewals: true }))
      const world = new World(windowSize, renewing)
      for (const each of steps) world.run(each)
      world.settle()
      for (const reader of world.readers) {
        if (reader.isCutOff || !reader.selection.includeRenewals) continue
        const told = new Map(reader.told.map(({ lease }) => [lease.id, lease.revision]))
        for (const { id, revision } of [...world.live.values()].filter(reader.matches)) {
          if (revision > reader.beganAfter) t.is(told.get(id), revision)
        }
        for (const { lease } of reader.told) t.true(isInScope(lease, reader.selection.scope))
      }
    }),
    { numRuns: 1_000 },
  )
})
