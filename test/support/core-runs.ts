import type { Random } from '../../clock/random.js'
import type { WrittenLease } from '../../services/coordinator/lease/commands.js'
import { LeaseError } from '../../services/coordinator/lease/errors.js'
import type { LeaseRecord } from '../../services/coordinator/lease/records.js'
import { writtenLease } from '../../services/coordinator/lease/written.js'
import { CoreWorld, pushesTo, type TestSession } from './core.js'
import { seededRandom } from './virtual-random.js'

const names = ['one', 'two', 'three']
const holders = ['A', 'B', 'C']

/** A core under random commands of a few sessions and clients for a few leases: the same ones for the same seed. */
export class RandomRun {
  readonly world: CoreWorld
  readonly #random: Random
  readonly #sessions: TestSession[] = []
  /** What the run looks at after each step. */
  readonly #check: (run: RandomRun) => void

  constructor(seed: number, check: (run: RandomRun) => void = () => {}) {
    this.#random = seededRandom(seed)
    this.#check = check
    this.world = new CoreWorld({
      seed,
      limits: { maxWaitersPerLease: 4, maxHandlesPerSession: 5 },
    })
    for (let i = 0; i < 3; i++) this.#sessions.push(this.world.openSession())
  }

  get sessions(): readonly TestSession[] {
    return this.#sessions
  }

  /** Takes so many steps; a batch ends now and then. */
  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      try {
        this.#step()
      } catch (error) {
        if (!(error instanceof LeaseError)) throw error
      }
      this.#check(this)
    }
    this.world.settle()
    this.world.records()
    this.#check(this)
  }

  #step(): void {
    const { world } = this
    const name = this.#pick(names)
    const holderIdentity = this.#pick(holders)
    const instance = this.#pick([undefined, 'a'.repeat(32), 'b'.repeat(32)])
    const session = this.#pick(this.#sessions)
    const command = {
      name,
      holderIdentity,
      ...(instance === undefined ? {} : { instance }),
      leaseDurationMs: this.#pick([1_000, 5_000, 15_000]),
      supersede: this.#random.fraction() < 0.2,
      ...(this.#random.fraction() < 0.2 ? { takeoverDelayMs: this.#pick([500, 4_000]) } : {}),
      ...(this.#random.fraction() < 0.2 ? { labels: { role: holderIdentity } } : {}),
    }
    const lease = { namespace: 'test', name }
    const token = world.table.find(lease)?.fencingToken ?? 0
    switch (Math.floor(this.#random.fraction() * 15)) {
      case 0:
      case 1:
        session.acquire(command)
        break
      case 2:
      case 3:
        session.wait({ ...command, priority: this.#pick([0, 0, 1]), waitTimeoutMs: this.#pick([2_000, Infinity]) })
        break
      case 4:
        session.renew()
        break
      case 5:
        world.acquire(command)
        break
      case 6:
        world.core.renew({ ...lease, fencingToken: token }, world.time)
        break
      case 7:
        session.release(this.#pick([...session.session.handles.keys()]) ?? 0)
        break
      case 8:
        if (this.#random.fraction() < 0.3) world.core.delete(lease, world.time)
        else world.core.update({ ...lease, changes: { annotations: { by: holderIdentity } } }, world.time)
        break
      case 9:
        if (this.#random.fraction() < 0.5) world.core.revoke({ ...lease, fencingToken: 0 }, world.time)
        else world.core.release({ ...lease, fencingToken: token }, world.time)
        break
      case 10:
        if (this.#random.fraction() < 0.2) {
          session.close()
          this.#sessions[this.#sessions.indexOf(session)] = world.openSession()
        } else world.core.create({ namespace: 'test', name, changes: {} }, world.time)
        break
      case 11:
      case 12:
      case 13:
        this.#write(name, holderIdentity)
        break
      default:
        world.settle()
        world.records()
        pushesTo(world)
        world.pass(this.#pick([0, 100, 700, 2_500, 6_000]))
    }
  }

  /** A Kubernetes client reads a lease, and writes what it changes. */
  #write(name: string, holderIdentity: string): void {
    const { world } = this
    const { core, time } = world
    const image = world.table.find({ namespace: 'test', name })?.current()
    const renewTime = this.#pick([time.wallMicros, time.wallMicros - 5e6, -62_135_596_798_000_000n])
    const changes: WrittenLease = this.#pick([
      { holderIdentity, leaseDurationMs: this.#pick([1_000, 5_000, 15_000]), renewTime },
      { holderIdentity },
      { renewTime },
      { renewTime },
      { holderIdentity: '' },
      { leaseDurationMs: this.#pick([1_000, 5_000]) },
      { labels: { role: holderIdentity } },
      this.#pick([{}, { takeoverDelayMs: 4_000 }]),
    ])
    const command = { namespace: 'test', name, validateOnly: this.#random.fraction() < 0.1 }
    if (image === undefined) core.createWritten({ ...command, lease: changes }, time)
    else core.write({ ...command, lease: { ...writtenLease(image), ...changes } }, time)
  }

  #pick<T>(choices: readonly T[]): T {
    // An index below the length is there; a list that is empty gives undefined, which its caller names.
    return choices[Math.floor(this.#random.fraction() * choices.length)] as T
  }
}

/** The records of such a run. */
export function randomLog(seed: number, steps: number): readonly LeaseRecord[] {
  const run = new RandomRun(seed)
  run.run(steps)
  return run.world.log
}
