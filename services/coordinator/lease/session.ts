import type { AcquireCommand } from './commands.js'
import type { Scheduled } from './deadlines.js'
import type { LeaseError } from './errors.js'
import type { LeaseState } from './lease.js'
import type { LeaseNode } from './lease-node.js'

export type LostCause = 'expired' | 'revoked' | 'superseded' | 'deleted' | 'unconfirmed' | 'transferred' | 'resumed'

/** What a session is told without having asked. */
export type Push =
  | { type: 'granted'; handle: number; fencingToken: number; leaseDurationMs: number; lapseAfterMs: number }
  | { type: 'lost'; handle: number; cause: LostCause }
  | { type: 'holderChanged'; handle: number; holderIdentity: string; state: LeaseState }
  | { type: 'failed'; handle: number; error: LeaseError }

/** A place in the queue of a lease. */
export class Waiter implements Scheduled {
  readonly session: Session
  readonly handle: number
  readonly key: string
  readonly command: AcquireCommand
  readonly priority: number
  /** When the wait times out. */
  deadline: number
  heapIndex = -1

  constructor(
    session: Session,
    handle: number,
    key: string,
    command: AcquireCommand,
    priority: number,
    deadline: number,
  ) {
    this.session = session
    this.handle = handle
    this.key = key
    this.command = command
    this.priority = priority
    this.deadline = deadline
  }
}

/** One Hold stream of one client: the leases and the places in queues it has, by handle. Volatile. */
export class Session implements Scheduled {
  /** Called by the coordinator, never by the core, once what a push rests on is durable. */
  readonly deliver: (push: Push) => void
  readonly handles = new Map<number, LeaseNode | Waiter>()
  isOpen = true
  /** How many of the handles are places in queues. */
  waiting = 0
  /** The shortest duration among the leases; may be too short for a while after that lease has gone. */
  shortestDurationMs = Number.POSITIVE_INFINITY
  /** When a session that waits counts as gone, unless it is heard from. */
  deadline = Number.POSITIVE_INFINITY
  heapIndex = -1
  #lastHandle = 0

  constructor(deliver: (push: Push) => void) {
    this.deliver = deliver
  }

  /** It has a lease of this duration. */
  noteDuration(leaseDurationMs: number): void {
    this.shortestDurationMs = Math.min(this.shortestDurationMs, leaseDurationMs)
  }

  nextHandle(): number {
    this.#lastHandle = (this.#lastHandle % 0xffffffff) + 1
    return this.#lastHandle
  }
}
