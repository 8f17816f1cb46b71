import { TransportError } from '../../../client/index.js'
import { sleep } from '../../../client/sleep.js'
import { uuid } from '../../../clock/random.js'
import type { WrittenLease } from '../../../services/coordinator/lease/commands.js'
import type { KubernetesAnswer, KubernetesMethod, KubernetesRequest } from '../kubernetes-calls.js'
import { SimulatedTransport } from '../transport.js'
import type { Actor, Belief } from './actor.js'

/** What no plan leads to. */
const unexpected: readonly string[] = ['INTERNAL', 'UNKNOWN', 'UNIMPLEMENTED', 'INVALID_ARGUMENT']

/** Electors' shares of a lease duration, those of 15, 10 and 2 s. */
const renewDeadlineShare = 10 / 15
const retryShare = 2 / 15

/** Leads by turns as Kubernetes' controllers do, by writes of the lease; some meddle with those who hold over gRPC. */
export function elect(actor: Actor, name: string): void {
  actor.does(turns(new Elector(actor, name)))
  if (actor.random.fraction() < 0.5) actor.does(meddle(new Elector(actor, name)))
}

async function turns(elector: Elector): Promise<void> {
  const { actor, retryMs } = elector
  const { process, world } = actor
  const { signal } = actor.stopping
  while (!signal.aborted && !world.isOver) {
    if (await elector.tryAcquireOrRenew()) await elector.lead(actor.between(0, 30_000))
    await sleep(process, actor.between(retryMs, 2.2 * retryMs), signal)
  }
}

/** Tries to take, to end or to renew what others hold over gRPC, which is refused while they hold; and edits labels. */
async function meddle(elector: Elector): Promise<void> {
  const { actor } = elector
  const { process, random, world } = actor
  const { signal } = actor.stopping
  while (!signal.aborted && !world.isOver) {
    await sleep(process, actor.between(0, 5_000), signal)
    const found = await elector.read()
    if (found === undefined) continue
    const { written, resourceVersion } = found
    const draw = random.fraction()
    const isElectors = (written.holderIdentity ?? '').includes('_')
    const changes: WrittenLease =
      isElectors || draw < 0.3
        ? { labels: { ...written.labels, turn: String(Math.floor(random.fraction() * 10)) } }
        : draw < 0.6
          ? { holderIdentity: elector.holderIdentity, leaseDurationMs: 2_000 }
          : draw < 0.8
            ? { holderIdentity: '' }
            : { renewTime: process.wallMicros() }
    await elector.write({ ...written, ...changes }, resourceVersion)
  }
}

/** What it has seen of a lease last. */
interface Observed extends KubernetesAnswer {
  /** The fields that it compares, as text. */
  readonly record: string
  /** When it saw them change, by its monotonic clock. */
  readonly atMs: number
}

/**
 * Does what client-go's elector does: it takes a lease that nobody holds, or whose fields it has seen unchanged for a whole
 * duration. Two things are made safer, so that what is found is the coordinator's: it compares times to the microsecond, where
 * client-go's record has seconds, and believes in its lease from when it sent a write, not from when it was answered.
 */
class Elector {
  readonly actor: Actor
  readonly name: string
  readonly holderIdentity: string
  readonly leaseDurationMs: number
  #observed: Observed | undefined
  #untilMs = 0
  /** Of the tenancy that it has, or had last. */
  #fencingToken = 0
  /** Whether the last call was refused since there is no such lease. */
  #isMissing = false

  constructor(actor: Actor, name: string) {
    this.actor = actor
    this.name = name
    this.holderIdentity = `${actor.process.name}_${uuid(actor.random)}`
    this.leaseDurationMs = Math.ceil(actor.leaseDurationMs(2_000, 15_000) / 1e3) * 1e3
  }

  get retryMs(): number {
    return this.leaseDurationMs * retryShare
  }

  /** Keeps the lease and works for a time, or until it is lost; then it gives it up, or does not. */
  async lead(forMs: number): Promise<void> {
    const { actor, name } = this
    const { process, random, world } = actor
    const { signal } = actor.stopping
    const endMs = process.monotonicMs() + forMs
    world.count('terms by writes')
    let belief = this.#believe()
    try {
      while (this.#isHeld() && process.monotonicMs() < endMs && !signal.aborted) {
        world.resource.write(process, name, belief.fencingToken)
        await sleep(process, this.retryMs, signal)
        await this.tryAcquireOrRenew()
        // A renewal that came too late has taken the lease anew.
        if (belief.fencingToken === this.#fencingToken) continue
        actor.holds.delete(belief)
        belief = this.#believe()
      }
    } finally {
      this.#untilMs = 0
      actor.holds.delete(belief)
    }
    if (random.fraction() < 0.8) await this.#release()
  }

  /** Whether it holds the lease, after it tried. */
  async tryAcquireOrRenew(): Promise<boolean> {
    const { process } = this.actor
    const observed = this.#observed
    const isFresh = observed !== undefined && this.#mayStillBeHeld(observed)
    if (isFresh && this.#isMine(observed) && (await this.#hold(observed))) return true
    const found = await this.read()
    if (found === undefined) return this.#isMissing && this.#hold(undefined)
    const record = recordOf(found.written)
    const atMs = this.#observed?.record === record ? this.#observed.atMs : process.monotonicMs()
    this.#observed = { ...found, record, atMs }
    const isOthers = (found.written.holderIdentity ?? '') !== '' && !this.#isMine(found)
    if (isOthers && this.#mayStillBeHeld(this.#observed)) return false
    return this.#hold(found)
  }

  /** Undefined where it is refused, or not answered. */
  read(): Promise<KubernetesAnswer | undefined> {
    return this.#call('KubernetesGet', { name: this.name })
  }

  write(lease: WrittenLease, resourceVersion: string): Promise<KubernetesAnswer | undefined> {
    return this.#call('KubernetesWrite', { name: this.name, lease, resourceVersion })
  }

  /** Writes itself as the holder, to a lease as it was found or to a new one; whether that is so then. */
  async #hold(found: KubernetesAnswer | undefined): Promise<boolean> {
    const { actor, name, holderIdentity, leaseDurationMs } = this
    const { process } = actor
    const sentMs = process.sinceBootMs()
    const renewTime = process.wallMicros()
    const { written: before = {} } = found ?? {}
    const isMine = found !== undefined && this.#isMine(found)
    const { acquireTime = renewTime, leaseTransitions = 0 } = before
    const lease: WrittenLease = {
      ...before,
      holderIdentity,
      leaseDurationMs,
      renewTime,
      acquireTime: isMine ? acquireTime : renewTime,
      leaseTransitions: isMine || found === undefined ? leaseTransitions : leaseTransitions + 1,
    }
    const answer =
      found === undefined
        ? await this.#call('KubernetesCreate', { name, lease })
        : await this.write(lease, found.resourceVersion)
    if (answer === undefined) return false
    this.#observe(answer)
    this.#fencingToken = answer.lease.fencingToken
    this.#untilMs = Math.max(this.#untilMs, sentMs + (renewDeadlineShare + retryShare) * leaseDurationMs)
    return true
  }

  async #release(): Promise<void> {
    const observed = this.#observed
    if (observed === undefined || !this.#isMine(observed)) return
    const now = this.actor.process.wallMicros()
    const { written } = observed
    const lease = { ...written, holderIdentity: '', leaseDurationMs: 1_000, renewTime: now, acquireTime: now }
    const answer = await this.write(lease, observed.resourceVersion)
    if (answer !== undefined) this.#observe(answer)
  }

  #believe(): Belief {
    const { actor, name, leaseDurationMs } = this
    const belief: Belief = { name, leaseDurationMs, fencingToken: this.#fencingToken, isHeld: () => this.#isHeld() }
    actor.holds.add(belief)
    return belief
  }

  #isHeld(): boolean {
    return this.actor.process.sinceBootMs() < this.#untilMs
  }

  #isMine({ written }: KubernetesAnswer): boolean {
    return written.holderIdentity === this.holderIdentity
  }

  #mayStillBeHeld({ atMs, written }: Observed): boolean {
    return atMs + (written.leaseDurationMs ?? 0) > this.actor.process.monotonicMs()
  }

  #observe(answer: KubernetesAnswer): void {
    this.#observed = { ...answer, record: recordOf(answer.written), atMs: this.actor.process.monotonicMs() }
  }

  async #call(method: KubernetesMethod, request: KubernetesRequest): Promise<KubernetesAnswer | undefined> {
    const { process, stopping, world } = this.actor
    const transport = new SimulatedTransport(world.network, process, world.coordinator)
    const timeoutMs = Math.max(1_000, (this.leaseDurationMs * renewDeadlineShare) / 2)
    this.#isMissing = false
    try {
      return await transport.call<KubernetesRequest, KubernetesAnswer>(method, request, { timeoutMs })
    } catch (error) {
      if (!(error instanceof TransportError) || unexpected.includes(error.status)) throw error
      this.#isMissing = error.reason === 'LEASE_NOT_FOUND'
      if (!stopping.signal.aborted) world.count(`write refused ${error.reason || error.status}`)
      return undefined
    }
  }
}

/** The fields by which it sees that the lease was written. */
const recordOf = ({
  holderIdentity,
  leaseDurationMs,
  acquireTime,
  renewTime,
  leaseTransitions,
}: WrittenLease): string => JSON.stringify([holderIdentity, leaseDurationMs, acquireTime, renewTime, leaseTransitions])
