/** Whatever happens to monitor, network and coordinator: who keeps the heartbeat is not called Unknown. */
import test from 'ava'
import fc from 'fast-check'
import { Fleet } from '../../../agents/node-monitor/fleet.js'
import { Judge, type Question } from '../../../agents/node-monitor/judge.js'
import type { LeaseChange } from '../../../client/index.js'
import { change, idOf, nodeLease, ready } from './nodes.js'

const stepMs = 250
const bookmarkMs = 1_000
const renewMs = 4_000
const graceMs = 10_000
/** After so long a stall of the coordinator nodes have to connect anew. */
const brokenMs = 3_000
const alive = ['n-0', 'n-1', 'n-2', 'n-3', 'n-4', 'n-5']
const dead = ['n-8', 'n-9']

/** What may go wrong, for some steps. */
type Fault = 'coordinator stands still' | 'network holds back' | 'monitor stands still' | 'watch begins anew'

type Message =
  | { readonly type: 'renewals'; readonly leaseIds: readonly number[] }
  | { readonly type: 'bookmark'; readonly revision: number }
  | { readonly type: 'anew'; readonly changes: readonly LeaseChange[] }

/** Coordinator, network and monitor in steps of time. */
class Simulation {
  readonly told: string[] = []
  readonly #fleet = new Fleet()
  readonly #judge = new Judge(this.#fleet, { graceMs, disruptionPercent: 101 })
  #nowMs = 0
  #revision = 1
  /** By name: when it renewed last, and at which revision. */
  readonly #renewals = new Map<string, { atMs: number; revision: number }>()
  /** On their way to the monitor. */
  #messages: Message[] = []
  #bookmarkDueMs = 0
  /** When the coordinator last stood still, since when, and when it went on. */
  #stall = { fromMs: 0, untilMs: 0 }
  #isStalled = false
  #questions: Question[] = []

  constructor() {
    for (const [index, name] of [...alive, ...dead].entries()) {
      this.#renewals.set(name, { atMs: -index * stepMs, revision: 1 })
    }
    this.#deliver([this.#anew()])
  }

  step(faults: ReadonlySet<Fault>): void {
    this.#nowMs += stepMs
    if (faults.has('coordinator stands still')) this.#standStill()
    else this.#coordinate()
    if (faults.has('watch begins anew')) this.#messages = [this.#anew()]
    if (faults.has('coordinator stands still') || faults.has('network holds back')) return
    if (faults.has('monitor stands still')) return
    this.#answer()
    this.#deliver(this.#messages.splice(0))
  }

  #standStill(): void {
    if (!this.#isStalled) this.#stall.fromMs = this.#nowMs
    this.#isStalled = true
  }

  /** Nodes whose time has come renew, as soon as they reach the coordinator; a bookmark follows when it is due. */
  #coordinate(): void {
    if (this.#isStalled) this.#stall.untilMs = this.#nowMs
    this.#isStalled = false
    const { fromMs, untilMs } = this.#stall
    const returnMs = untilMs - fromMs > brokenMs ? 500 : stepMs / alive.length
    const due = alive.filter((name, index) => {
      const isDue = this.#nowMs - (this.#renewals.get(name)?.atMs ?? 0) >= renewMs
      return isDue && this.#nowMs > untilMs + index * returnMs
    })
    for (const name of due) this.#renewals.set(name, { atMs: this.#nowMs, revision: ++this.#revision })
    if (due.length > 0) this.#messages.push({ type: 'renewals', leaseIds: due.map(idOf) })
    if (this.#nowMs < this.#bookmarkDueMs) return
    this.#bookmarkDueMs = this.#nowMs + bookmarkMs
    this.#messages.push({ type: 'bookmark', revision: this.#revision })
  }

  #anew(): Message {
    const changes = [...this.#renewals].map(([name, { revision }]) =>
      change('existing', nodeLease(name, { labels: ready, renewTime: `at ${revision}` })),
    )
    return { type: 'anew', changes }
  }

  #answer(): void {
    for (const question of this.#questions.splice(0)) this.#judge.answered(question, this.#revision)
  }

  #deliver(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#judge.sees(this.#nowMs)
      if (message.type === 'renewals') this.#note(this.#fleet.renewed(message.leaseIds, this.#nowMs))
      if (message.type === 'bookmark') this.#bookmark(message.revision)
      if (message.type === 'anew') this.#beginAnew(message.changes)
    }
  }

  #beginAnew(changes: readonly LeaseChange[]): void {
    this.#fleet.restarted()
    this.#judge.restarted()
    for (const existing of changes) {
      const told = this.#fleet.told(existing, this.#nowMs)
      if (told !== undefined) this.#note([told])
    }
    this.#fleet.synced()
    this.#judge.synced(this.#nowMs)
  }

  #bookmark(revision: number): void {
    const { changes, question } = this.#judge.bookmark(revision, this.#nowMs)
    this.#note(changes)
    if (question !== undefined) this.#questions.push(question)
  }

  #note(changes: readonly { node: string; status: string }[]): void {
    for (const { node, status } of changes) this.told.push(`${node} ${status}`)
  }
}

const fault = fc.record({
  kind: fc.constantFrom<Fault>(
    'coordinator stands still',
    'network holds back',
    'monitor stands still',
    'watch begins anew',
  ),
  beginsAt: fc.nat(400),
  steps: fc.oneof(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 120 })),
})

test('no node is called Unknown that kept its heartbeat, and the dead are, once, when all is well again', t => {
  fc.assert(
    fc.property(fc.array(fault, { maxLength: 30, size: 'max' }), faults => {
      const simulation = new Simulation()
      for (let step = 0; step < 520; step++) {
        const now = faults.filter(({ kind, beginsAt, steps }) =>
          // Beginning anew is of a moment.
          kind === 'watch begins anew' ? beginsAt === step : beginsAt <= step && step < beginsAt + steps,
        )
        simulation.step(new Set(now.map(({ kind }) => kind)))
      }
      for (let ms = 0; ms < graceMs + 5_000; ms += stepMs) simulation.step(new Set())
      t.deepEqual(simulation.told.toSorted(), ['n-8 Unknown', 'n-9 Unknown'])
    }),
    { numRuns: 1_000 },
  )
})
