import { isDeepStrictEqual } from 'node:util'
import { type Lease, type LeaseholdClient, TransportError } from '../../client/index.js'
import type { Tokens } from './tokens.js'
import { until } from './until.js'

/** What a call ends with when its coordinator is gone, going, or out of space. */
const passing = ['UNAVAILABLE', 'CANCELLED', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED']

export interface ChurnOptions {
  /** How many leases, and calls at a time. */
  readonly lanes: number
  /** What the leases' names begin with. */
  readonly prefix: string
  /** How large to make each lease, so that the journal grows quickly. */
  readonly annotationBytes?: number
}

/** A call is given up early, since the coordinator may be gone for long. */
const callTimeoutMs = 2_000

/**
 * Load by unary calls that remembers what was acknowledged: in each lane one lease is created, acquired, updated,
 * renewed, resumed, released or deleted, one call at a time, until `stop`.
 */
export class Churn {
  /** What should not have happened. */
  readonly faults: string[] = []
  /** Writes that were acknowledged. */
  acknowledged = 0
  readonly #lanes: readonly Lane[]
  readonly #running: Promise<void>
  #isPaused = false
  #isStopped = false
  #waiting = 0
  #resume: (() => void)[] = []

  constructor(client: LeaseholdClient, tokens: Tokens, { lanes, prefix, annotationBytes = 0 }: ChurnOptions) {
    const names = Array.from({ length: lanes }, (_, number) => `${prefix}-${number}`)
    const annotations = { padding: 'x'.repeat(annotationBytes) }
    this.#lanes = names.map(name => new Lane(this, client, tokens, name, annotations))
    this.#running = Promise.all(this.#lanes.map(lane => this.#run(lane))).then(() => {})
  }

  /** Lets calls that are on their way end, and makes no more until `resume`. */
  async pause(): Promise<void> {
    this.#isPaused = true
    await until(() => this.#isStopped || this.#waiting === this.#lanes.length)
  }

  resume(): void {
    this.#isPaused = false
    for (const resume of this.#resume.splice(0)) resume()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.resume()
    await this.#running
  }

  /** Waits until so many more writes were acknowledged. */
  async progress(writes: number): Promise<void> {
    const goal = this.acknowledged + writes
    await until(() => this.acknowledged >= goal)
  }

  /** What of the acknowledged writes is missing in these leases, and what nobody has asked for is there. */
  missing(leases: readonly Lease[]): string[] {
    const byName = new Map(leases.map(lease => [lease.name, lease]))
    return this.#lanes.flatMap(lane => lane.missing(byName.get(lane.name)))
  }

  /** Asked by a lane before each call; false when it is to end. */
  async mayGoOn(): Promise<boolean> {
    while (this.#isPaused && !this.#isStopped) {
      this.#waiting++
      await new Promise<void>(resolve => this.#resume.push(resolve))
      this.#waiting--
    }
    return !this.#isStopped
  }

  async #run(lane: Lane): Promise<void> {
    while (await this.mayGoOn()) {
      try {
        await lane.round()
      } catch (error) {
        if (error instanceof Stopped) return
        if (error instanceof TransportError && passing.includes(error.status)) continue
        this.faults.push(`${lane.name}: ${error instanceof Error ? error.message : error}`)
      }
    }
  }
}

class Stopped extends Error {}

/** One lease, and its last acknowledged state. */
class Lane {
  readonly name: string
  readonly #churn: Churn
  readonly #annotations: Readonly<Record<string, string>>
  readonly #client: LeaseholdClient
  readonly #tokens: Tokens
  #last: { readonly lease: Lease; readonly isDeleted: boolean } | undefined
  /** A call was made whose answer did not come: what it asked may have happened. */
  #isUncertain = false
  #rounds = 0

  constructor(
    churn: Churn,
    client: LeaseholdClient,
    tokens: Tokens,
    name: string,
    annotations: Readonly<Record<string, string>>,
  ) {
    this.#churn = churn
    this.#annotations = annotations
    this.#client = client
    this.#tokens = tokens
    this.name = name
  }

  async round(): Promise<void> {
    const [client, name] = [this.#client, { namespace: 'churn', name: this.name }]
    const fields = { ...name, holderIdentity: `${this.name}-holder`, leaseDurationMs: 60_000 }
    const acquire = () => client.acquireOnce(fields, { timeoutMs: callTimeoutMs }).then(({ lease }) => lease)
    const { fencingToken } = await this.#write(acquire)
    this.#tokens.told(this.name, `${this.name} ${fencingToken}`, fencingToken)
    await this.#write(() =>
      client.update({ ...name, labels: { round: String(++this.#rounds) }, annotations: this.#annotations }),
    )
    await this.#write(() =>
      client.renew({ ...name, fencingToken }, { timeoutMs: callTimeoutMs }).then(({ lease }) => lease),
    )
    const resumed = await this.#write(acquire)
    if (resumed.fencingToken !== fencingToken) {
      this.#churn.faults.push(`${this.name} resumed with ${resumed.fencingToken} instead of ${fencingToken}`)
    }
    if (this.#rounds % 3 === 0) await this.#write(() => client.delete(name), true)
    else await this.#write(() => client.release({ ...name, fencingToken }))
  }

  /** Why this cannot be the lease after what was acknowledged. */
  missing(lease: Lease | undefined): string[] {
    if (this.#last === undefined) return []
    const { lease: last, isDeleted } = this.#last
    if (lease === undefined) return isDeleted || this.#isUncertain ? [] : [`${this.name} is missing`]
    if (lease.revision < last.revision || (lease.revision === last.revision && isDeleted)) {
      return [`${this.name} is back at revision ${lease.revision}, before ${last.revision}`]
    }
    if (lease.revision > last.revision) {
      return this.#isUncertain ? [] : [`${this.name} has revision ${lease.revision}, unasked, after ${last.revision}`]
    }
    return isDeepStrictEqual(shown(lease), shown(last)) ? [] : [`${this.name} is not as it was acknowledged`]
  }

  async #write(call: () => Promise<Lease>, isDeleted = false): Promise<Lease> {
    if (!(await this.#churn.mayGoOn())) throw new Stopped()
    this.#isUncertain = true
    const lease = await call()
    this.#isUncertain = false
    this.#last = { lease, isDeleted }
    this.#churn.acknowledged++
    return lease
  }
}

/** Without what a restart gives afresh. */
function shown({ expireTime: _, ...lease }: Lease): Omit<Lease, 'expireTime'> {
  return lease
}
