/**
 * When a node is Unknown. Everything is driven by what the watch tells, bookmarks above all, which come every second: a
 * monitor that cannot see hears none, and decides nothing.
 *
 * 1. Each heartbeat is noted with the monitor's own monotonic time at which it was heard.
 * 2. When the watch was silent for too long, the monitor was blind: every node's grace starts afresh.
 * 3. At a bookmark some nodes have been silent for longer than the grace. The monitor asks the coordinator for its newest
 *    revision, and waits until a bookmark has reached it: now everything has been told that had happened when it began
 *    to ask, also what waited in sockets meanwhile. Those that are still silent are Unknown,
 * 4. unless most nodes are silent, for half the grace at least: then it holds back until fewer are. Half, since nodes
 *    that were lost at one moment had been heard at different ones.
 */
import { isDisruption } from './disruption.js'
import type { Fleet } from './fleet.js'
import type { StatusChange } from './node-status.js'

export interface JudgeOptions {
  readonly graceMs: number
  /** Of the nodes that are called Ready: from this share on, silence is a disruption. Beyond 100 nothing is. */
  readonly disruptionPercent: number
}

/** After so much silence of the watch the monitor was blind. */
const longestBlindMs = 3_000

/** What a bookmark leads to. */
export interface Judgement {
  readonly changes: readonly StatusChange[]
  /** Ask the coordinator for its newest revision now, and give the answer to `answered`. */
  readonly question?: Question
  readonly disruption?: 'began' | 'ended'
}

/** Are those that were silent since before this time silent still? */
export interface Question {
  readonly silentSinceMs: number
}

const nothing: Judgement = { changes: [] }

/** Decides who is Unknown. Pure: it is told the time, in ms on the monitor's own monotonic clock. */
export class Judge {
  readonly #fleet: Fleet
  readonly #options: JudgeOptions
  readonly #blindMs: number
  #lastSeenMs: number | undefined
  #isSynced = false
  #isDisrupted = false
  #question: Question | undefined
  #answer: number | undefined

  constructor(fleet: Fleet, options: JudgeOptions) {
    this.#fleet = fleet
    this.#options = options
    // What stalls the watch may keep nodes from renewing, too: a short grace has no room for a long stall.
    this.#blindMs = Math.min(longestBlindMs, options.graceMs / 2)
  }

  get isDisrupted(): boolean {
    return this.#isDisrupted
  }

  /** How many nodes that are called Ready seem lost. */
  countLost(nowMs: number): number {
    return this.#fleet.countLostSince(nowMs - this.#options.graceMs / 2)
  }

  /** Something came over the watch. @returns for how long the monitor had been blind; 0 when it had not. */
  sees(nowMs: number): number {
    const silentMs = nowMs - (this.#lastSeenMs ?? nowMs)
    this.#lastSeenMs = nowMs
    if (silentMs <= this.#blindMs) return 0
    this.#startAfresh(nowMs)
    return silentMs
  }

  /** The watch begins anew: nothing is decided until it has told everything. */
  restarted(): void {
    this.#isSynced = false
    this.#question = undefined
  }

  synced(nowMs: number): void {
    this.#isSynced = true
    this.#startAfresh(nowMs)
  }

  /** Everything up to this revision has been told. */
  bookmark(revision: number, nowMs: number): Judgement {
    if (!this.#isSynced) return nothing
    if (this.#isDisrupted) return this.#isLostTooMany(nowMs) ? nothing : this.#endDisruption(nowMs)
    if (this.#question === undefined) return this.#ask(nowMs)
    return revision >= (this.#answer ?? Number.POSITIVE_INFINITY) ? this.#judge(this.#question, nowMs) : nothing
  }

  /** @param revision the coordinator's newest; undefined when it could not be had: a later bookmark asks again. */
  answered(question: Question, revision: number | undefined): void {
    if (question !== this.#question) return
    this.#answer = revision
    if (revision === undefined) this.#question = undefined
  }

  #ask(nowMs: number): Judgement {
    const silentSinceMs = nowMs - this.#options.graceMs
    if (!this.#fleet.hasSilentSince(silentSinceMs)) return nothing
    this.#question = { silentSinceMs }
    this.#answer = undefined
    return { changes: [], question: this.#question }
  }

  #judge({ silentSinceMs }: Question, nowMs: number): Judgement {
    this.#question = undefined
    if (!this.#fleet.hasSilentSince(silentSinceMs)) return nothing
    if (!this.#isLostTooMany(nowMs)) return { changes: this.#fleet.callUnknown(silentSinceMs, nowMs) }
    this.#isDisrupted = true
    return { changes: [], disruption: 'began' }
  }

  #endDisruption(nowMs: number): Judgement {
    this.#isDisrupted = false
    this.#startAfresh(nowMs)
    return { changes: [], disruption: 'ended' }
  }

  #isLostTooMany(nowMs: number): boolean {
    return isDisruption(this.countLost(nowMs), this.#fleet.called('Ready'), this.#options.disruptionPercent)
  }

  /** Not in a disruption: it ends only when nodes are heard, and then every grace starts afresh anyway. */
  #startAfresh(nowMs: number): void {
    if (!this.#isDisrupted) this.#fleet.startAfresh(nowMs)
  }
}
