import type { CollectionRule } from '../../services/coordinator/lease/collection.js'
import type {
  AcquireCommand,
  AcquireOutcome,
  Instant,
  WriteCommand,
  WrittenLease,
} from '../../services/coordinator/lease/commands.js'
import { LeaseError, type LeaseErrorCode } from '../../services/coordinator/lease/errors.js'
import type { LeaseImage } from '../../services/coordinator/lease/lease.js'
import { LeaseCore } from '../../services/coordinator/lease/lease-core.js'
import { LeaseTable } from '../../services/coordinator/lease/lease-table.js'
import type { LeaseRecord, Transition } from '../../services/coordinator/lease/records.js'
import type { Push, Session } from '../../services/coordinator/lease/session.js'
import {
  type SessionAcquire,
  type SessionAcquireOutcome,
  type SessionLimits,
  type SessionRenewal,
  Sessions,
} from '../../services/coordinator/lease/sessions.js'
import { seededRandom } from './virtual-random.js'

/** Instances of client processes: 32 hex digits. */
export const instanceA = 'a'.repeat(32)
export const instanceB = 'b'.repeat(32)

/** The lease that tests of one lease are about. */
export const leader = { namespace: 'test', name: 'leader' }

/** A core with its sessions, a lease clock that moves when told, and everything that came of it so far. */
export class CoreWorld {
  readonly table: LeaseTable
  readonly core: LeaseCore
  readonly sessions: Sessions
  /** Milliseconds on the lease clock. */
  now = 0
  /** What the wall clock is ahead of the lease clock. */
  wallOffsetMicros = 1_750_000_000_000_000
  /** Every record so far. */
  readonly log: LeaseRecord[] = []

  constructor(
    options: { limits?: SessionLimits; revision?: number; seed?: number; rules?: readonly CollectionRule[] } = {},
  ) {
    this.table = new LeaseTable(options.revision ?? 100)
    this.core = new LeaseCore(this.table, seededRandom(options.seed ?? 1), undefined, options.rules)
    this.sessions = options.limits ? new Sessions(this.core, options.limits) : new Sessions(this.core)
  }

  at(now: number): Instant {
    return { now, wallMicros: this.wallOffsetMicros + now * 1e3 }
  }

  get time(): Instant {
    return this.at(this.now)
  }

  /** Lets time pass; nothing is decided. */
  pass(ms: number): void {
    this.now += ms
  }

  /** The records since the last call. */
  records(): readonly LeaseRecord[] {
    const { records } = this.core.batch.takeRecords()
    this.log.push(...records)
    return records
  }

  /** The same, without renewals, which must be none. */
  transitions(): readonly Transition[] {
    return this.records().map(record => {
      if (record.type === 'renewed' || record.type === 'published') throw new Error(`a record is ${record.type}`)
      return record
    })
  }

  /** The types of the records since the last call. */
  changes(): string[] {
    return this.records().map(({ type }) => type)
  }

  /** Ends a batch: what is due expires, what is free is granted. */
  settle(limit = 10_000): boolean {
    return this.sessions.settle(this.time, limit)
  }

  /** An acquire by a client without a session. */
  acquire(fields: Partial<AcquireCommand> = {}): AcquireOutcome {
    return this.core.acquire(acquireOf(fields), this.time)
  }

  /** A Kubernetes client writes the leader's lease. */
  write(lease: WrittenLease, fields: Partial<WriteCommand> = {}): LeaseImage {
    return this.core.write({ ...leader, lease, ...fields }, this.time)
  }

  /** It creates it. */
  createWritten(lease: WrittenLease, fields: Partial<WriteCommand> = {}): LeaseImage {
    return this.core.createWritten({ ...leader, lease, ...fields }, this.time)
  }

  get(name = leader.name): LeaseImage {
    return this.core.get({ ...leader, name })
  }

  openSession(): TestSession {
    return new TestSession(this)
  }
}

/** A session, and what it was told. */
export class TestSession {
  readonly world: CoreWorld
  readonly session: Session

  constructor(world: CoreWorld) {
    this.world = world
    this.session = world.sessions.openSession(() => {})
  }

  acquire(fields: Partial<SessionAcquire> = {}): SessionAcquireOutcome {
    const { world, session } = this
    return world.sessions.acquire(session, { ...acquireOf(fields), priority: 0, ...fields }, world.time)
  }

  /** Acquires, and waits for as long as it takes. */
  wait(fields: Partial<SessionAcquire> = {}): SessionAcquireOutcome {
    return this.acquire({ waitTimeoutMs: Number.POSITIVE_INFINITY, ...fields })
  }

  /** Renews the handles, or all; what failed. */
  renew(...handles: number[]): { handle: number; reason: string }[] {
    const { world, session } = this
    const renewal: SessionRenewal = {
      session,
      holdings: handles.length > 0 ? handles : session.handles.values(),
      renewed: 0,
    }
    world.sessions.heard(session, world.time)
    while (!world.sessions.renew(renewal, world.time, 10_000));
    return renewal.failures ?? []
  }

  release(handle: number): void {
    this.world.sessions.release(this.session, handle, this.world.time)
  }

  close(): void {
    this.world.sessions.closeSession(this.session)
  }
}

/** What sessions were told since the last call, in order, as [who, push]. */
export function pushesTo(world: CoreWorld, ...sessions: TestSession[]): [number, Push][] {
  return world.core.batch.takePushes().map(({ session, push }) => {
    const index = sessions.findIndex(known => known.session === session)
    return [index, push]
  })
}

/** An acquire of the leader's lease by A for 15 s, unless told otherwise. */
export function acquireOf(fields: Partial<AcquireCommand> = {}): AcquireCommand {
  return { ...leader, holderIdentity: 'A', leaseDurationMs: 15_000, ...fields }
}

/** The code with which it is refused. */
export function refusal(run: () => unknown): LeaseError {
  try {
    run()
  } catch (error) {
    if (error instanceof LeaseError) return error
    throw error
  }
  throw new Error('it was not refused')
}

/** The same, the code alone. */
export const codeOf = (run: () => unknown): LeaseErrorCode => refusal(run).code
