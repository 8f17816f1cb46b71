import { rename, rm, writeFile } from 'node:fs/promises'
import type { Hold } from '../../client/hold.js'
import type { Clock, Timer } from '../../clock/clock.js'
import type { Holdings } from './holdings.js'

/** The file tells of at most so many leases by name; the counts tell of all. */
const listedLeases = 100

/** How often the file is written without a change: at least this often, and so many times in a lease's duration. */
const longestIntervalMs = 10_000
const writesPerLease = 4
const shortestIntervalMs = 250

/** What the file says, as JSON. Times are RFC 3339, in UTC. */
export interface Health {
  readonly agent: string
  readonly pid: number
  /**
   * starting: nothing acquired yet. waiting: for at least one lease. held: all leases are. jeopardy: a renewal fails.
   * idle: it had leases and has none. stopping: it was told to stop.
   */
  readonly state: 'starting' | 'waiting' | 'held' | 'jeopardy' | 'idle' | 'stopping'
  /** Since when it is in that state. */
  readonly since: string
  /** When this was written; an old one means that the agent hangs. */
  readonly writtenAt: string
  /** The newest renewal that succeeded, as sent; null before the first. */
  readonly lastRenewal: string | null
  readonly counts: { readonly waiting: number; readonly held: number; readonly jeopardy: number; readonly lost: number }
  readonly leases: readonly {
    readonly lease: string
    readonly state: string
    readonly fencingToken: string
    readonly holderIdentity: string
    readonly remainingMs: number
  }[]
  /** What is special now, in the agent's words. */
  readonly note?: string
}

interface HealthFileOptions {
  readonly path: string
  readonly agent: string
  readonly holdings: Holdings
  readonly clock: Clock
  readonly log: { warn(fields: object, message: string): void }
}

/** A file that tells a supervisor how the agent is. It is replaced as a whole, so that no reader sees half of it. */
export class HealthFile {
  readonly #options: HealthFileOptions
  #since: { state: Health['state']; atMicros: number } | undefined
  #lastRenewalMicros: number | undefined
  #note: string | undefined
  #isStopping = false
  #isOver = false
  #isWanted = false
  #writing: Promise<void> | undefined
  #timer: Timer | undefined

  constructor(options: HealthFileOptions) {
    this.#options = options
  }

  /** Something changed: writes the file soon, once however many changes there are meanwhile. */
  changed(): void {
    this.#isWanted = true
    if (!this.#isOver) this.#writing ??= this.#writeWhileWanted()
  }

  note(text: string | undefined): void {
    this.#note = text
    this.changed()
  }

  stopping(): void {
    this.#isStopping = true
    this.changed()
  }

  /** Removes the file. */
  async remove(): Promise<void> {
    this.#isOver = true
    this.#timer?.cancel()
    await this.#writing
    await rm(this.#options.path, { force: true })
  }

  async #writeWhileWanted(): Promise<void> {
    const { path, log, clock } = this.#options
    // Changes come in bunches; this lets a bunch be one write.
    await null
    while (this.#isWanted) {
      this.#isWanted = false
      const draft = `${path}.${process.pid}.new`
      try {
        await writeFile(draft, `${JSON.stringify(this.#health(), null, 2)}\n`)
        await rename(draft, path)
      } catch (error) {
        log.warn({ path, error: (error as Error).message }, 'the health file could not be written')
        break
      }
    }
    this.#writing = undefined
    this.#timer?.cancel()
    if (!this.#isOver) this.#timer = clock.setTimer(this.#intervalMs(), () => this.changed())
  }

  #intervalMs(): number {
    let intervalMs = longestIntervalMs
    for (const hold of this.#listed()) intervalMs = Math.min(intervalMs, hold.leaseDurationMs / writesPerLease)
    return Math.max(intervalMs, shortestIntervalMs)
  }

  #health(): Health {
    const { agent, holdings, clock } = this.#options
    const nowMicros = clock.wallMicros()
    const state = this.#state()
    if (state !== this.#since?.state) this.#since = { state, atMicros: nowMicros }
    const holds = this.#listed()
    for (const hold of holds) this.#noteRenewal(hold, nowMicros)
    return {
      agent,
      pid: process.pid,
      state,
      since: timeText(this.#since.atMicros),
      writtenAt: timeText(nowMicros),
      lastRenewal: this.#lastRenewalMicros === undefined ? null : timeText(this.#lastRenewalMicros),
      counts: holdings.counts(),
      leases: holds.map(hold => ({
        lease: `${hold.namespace}/${hold.name}`,
        state: hold.state,
        fencingToken: String(hold.fencingToken),
        holderIdentity: hold.holderIdentity,
        remainingMs: Math.round(hold.remainingMs()),
      })),
      ...(this.#note === undefined ? {} : { note: this.#note }),
    }
  }

  #listed(): Hold[] {
    const listed: Hold[] = []
    for (const hold of this.#options.holdings.holds()) {
      if (listed.length === listedLeases) break
      listed.push(hold)
    }
    return listed
  }

  #state(): Health['state'] {
    const { waiting, held, jeopardy, lost } = this.#options.holdings.counts()
    if (this.#isStopping) return 'stopping'
    if (jeopardy > 0) return 'jeopardy'
    if (waiting > 0) return 'waiting'
    if (held > 0) return 'held'
    return lost > 0 ? 'idle' : 'starting'
  }

  #noteRenewal(hold: Hold, nowMicros: number): void {
    if (!hold.isHeld()) return
    const renewedMicros = nowMicros - (hold.leaseDurationMs * localShare - hold.remainingMs()) * 1e3
    this.#lastRenewalMicros = Math.max(this.#lastRenewalMicros ?? 0, Math.round(renewedMicros))
  }
}

/** The holder's own share of a lease's duration, from when it sent the renewal. */
const localShare = 0.97

const timeText = (micros: number): string => new Date(micros / 1e3).toISOString()
