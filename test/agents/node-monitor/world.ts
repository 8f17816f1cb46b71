import { Fleet } from '../../../agents/node-monitor/fleet.js'
import { Judge, type Question } from '../../../agents/node-monitor/judge.js'
import type { StatusChange } from '../../../agents/node-monitor/node-status.js'
import type { Lease } from '../../../client/index.js'
import { change, idOf, nodeLease } from './nodes.js'

/** A monitor's judgement in virtual time, with a watch that tells a bookmark every second. */
export class World {
  readonly fleet = new Fleet()
  readonly judge: Judge
  /** As in 'n-1 Unknown', and 'disruption began'. */
  readonly told: string[] = []
  readonly changes: StatusChange[] = []
  nowMs = 5_000_000
  revision = 100
  /** Whether questions are answered, and with what delay in bookmarks. */
  answers: 'at once' | 'never' | 'with a failure' = 'at once'
  question: Question | undefined

  constructor(graceMs = 50_000, disruptionPercent = 55) {
    this.judge = new Judge(this.fleet, { graceMs, disruptionPercent })
  }

  /** The initial state of a watch. */
  begins(...leases: readonly Lease[]): void {
    this.judge.sees(this.nowMs)
    for (const lease of leases) this.#note(this.fleet.told(change('existing', lease), this.nowMs))
    this.fleet.synced()
    this.judge.synced(this.nowMs)
  }

  /** The watch could not go on, and tells everything anew. */
  restarts(...leases: readonly Lease[]): void {
    this.fleet.restarted()
    this.judge.restarted()
    this.begins(...leases)
  }

  renews(...names: readonly string[]): void {
    this.judge.sees(this.nowMs)
    for (const told of this.fleet.renewed(names.map(idOf), this.nowMs)) this.#note(told)
  }

  /** Seconds pass with a bookmark each; these nodes renew in each of them. */
  pass(seconds: number, ...alive: readonly string[]): void {
    for (let second = 0; second < seconds; second++) {
      this.nowMs += 1_000
      this.revision += 1
      if (alive.length > 0) this.renews(...alive)
      this.bookmark()
    }
  }

  /** Time passes, and nothing comes over the watch. */
  blind(ms: number): void {
    this.nowMs += ms
  }

  bookmark(): void {
    this.judge.sees(this.nowMs)
    const { changes, question, disruption } = this.judge.bookmark(this.revision, this.nowMs)
    for (const told of changes) this.#note(told)
    if (disruption !== undefined) this.told.push(`disruption ${disruption}`)
    if (question === undefined) return
    this.question = question
    if (this.answers === 'at once') this.judge.answered(question, this.revision)
    if (this.answers === 'with a failure') this.judge.answered(question, undefined)
  }

  takeTold(): string[] {
    return this.told.splice(0)
  }

  #note(told: StatusChange | undefined): void {
    if (told === undefined) return
    this.changes.push(told)
    this.told.push(`${told.node} ${told.status}`)
  }
}

/** Leases of n-0, n-1 and so on. */
export const leases = (count: number, fields: Partial<Lease> = {}): Lease[] =>
  names(count).map(name => nodeLease(name, fields))

export const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n-${index}`)
