import type { LeaseState__Output } from '../../protos/generated/leasehold/v1/LeaseState.js'
import type {
  AcquireRequest,
  FailedResponse,
  HoldRequest,
  HoldResponse,
  ReleaseRequest,
  RenewRequest,
} from '../../protos/hold.js'
import type { Command, Coordinator } from './coordinator.js'
import type { Instant } from './lease/commands.js'
import { invalidRequest, LeaseError } from './lease/errors.js'
import type { LeaseState } from './lease/lease.js'
import type { Push, Session } from './lease/session.js'
import type { SessionAcquire, SessionAcquireOutcome, SessionRenewal, Sessions } from './lease/sessions.js'
import { type Limits, validateAcquire } from './lease/validation.js'

/** What a message takes the coordinator, and one that begins or ends a tenancy, in renewals of leases in long messages. */
const messageWork = 20
const transitionWork = 200

/** The names of states on the wire. */
export const stateNames: Readonly<Record<LeaseState, LeaseState__Output>> = {
  unheld: 'LEASE_STATE_UNHELD',
  held: 'LEASE_STATE_HELD',
  expired: 'LEASE_STATE_EXPIRED',
  released: 'LEASE_STATE_RELEASED',
}

/**
 * The coordinator's end of one Hold stream, over whatever carries its messages. Answers and pushes leave in the order
 * of the decisions, each when what it rests on is durable.
 */
export class HoldSession {
  readonly #coordinator: Coordinator
  readonly #limits: Limits
  readonly #send: (message: HoldResponse) => void
  readonly #session: Session
  readonly #renewing: Renewing
  #isClosed = false
  #undecidedWork = 0

  constructor(coordinator: Coordinator, limits: Limits, send: (message: HoldResponse) => void) {
    this.#coordinator = coordinator
    this.#limits = limits
    this.#send = message => {
      if (!this.#isClosed) send(message)
    }
    this.#session = coordinator.sessions.openSession(push => this.#push(push))
    this.#renewing = {
      sessions: coordinator.sessions,
      session: this.#session,
      decided: renewal => this.#renewed(renewal),
      refused: (renewal, error) => this.#notRenewed(renewal, error),
    }
  }

  /** How much was taken and is not answered yet, about, in renewals of leases in long messages. */
  get undecidedWork(): number {
    return this.#undecidedWork
  }

  /** Takes a message that was just read from the stream. */
  receive(message: HoldRequest): void {
    const arrivedAt = this.#coordinator.leaseClock.now()
    switch (message.type) {
      case 'acquire':
        this.#acquire(message, arrivedAt)
        break
      case 'renew':
        this.#renew(message, arrivedAt)
        break
      case 'release':
        this.#release(message, arrivedAt)
        break
    }
  }

  /** The coordinator is about to stop. */
  drain(reconnectAfterMs: number): void {
    this.#send({ type: 'draining', reconnectAfterMs })
  }

  /**
   * The client has ended the stream: what it sent before is still decided and answered, then `done` is called and the
   * session is over.
   */
  end(done: () => void = () => {}): void {
    const finish = (): void => {
      this.#isClosed = true
      done()
    }
    this.#submit('end', this.#coordinator.leaseClock.now(), 0, {
      decide: () => {
        this.#coordinator.sessions.closeSession(this.#session)
        return true
      },
      answer: finish,
      refuse: finish,
    })
  }

  /** The stream is broken: nothing more is sent. */
  close(): void {
    this.#isClosed = true
    this.end()
  }

  #acquire(request: AcquireRequest, arrivedAt: number): void {
    const { requestId, instance, leaseDurationMs } = request
    const violations = validateAcquire(request, this.#limits, 'acquire.')
    if (violations.length > 0) {
      this.#fail(requestId, invalidRequest(violations))
      return
    }
    const command: SessionAcquire = instance === '' ? withoutInstance(request) : request
    let answer: HoldResponse | undefined
    const { sessions } = this.#coordinator
    // A resume only keeps a lease, so it goes on where there is little space.
    this.#submit('keep', arrivedAt, requestId, {
      decide: time => {
        answer = this.#try(requestId, 0, () => {
          if (!sessions.isResume(command, time)) this.#coordinator.checkStorage()
          const outcome = sessions.acquire(this.#session, command, time)
          return this.#acquired(requestId, leaseDurationMs, outcome)
        })
        return true
      },
      answer: () => answer && this.#send(answer),
    })
  }

  #acquired(requestId: number, leaseDurationMs: number, outcome: SessionAcquireOutcome): HoldResponse {
    const { handle } = outcome
    const renewAfterMs = this.#coordinator.sessions.cadence(this.#session)
    if (outcome.type === 'waiting') {
      const { holderIdentity, ahead } = outcome
      return { type: 'waiting', requestId, handle, holderIdentity, ahead, renewAfterMs }
    }
    const { lease, resumed } = outcome.outcome
    const { fencingToken } = lease
    return {
      type: 'acquired',
      requestId,
      handle,
      fencingToken,
      renewAfterMs,
      leaseDurationMs,
      resumed,
      unconfirmed: false,
    }
  }

  #renew({ requestId, handles }: RenewRequest, arrivedAt: number): void {
    const renewal = new RenewCommand(this.#renewing, requestId, handles, arrivedAt)
    this.#undecidedWork += renewal.work
    this.#coordinator.submit(renewal)
  }

  #renewed(renewal: RenewCommand): void {
    this.#undecidedWork -= renewal.work
    const renewAfterMs = this.#coordinator.sessions.cadence(this.#session)
    this.#send({ type: 'renewed', requestId: renewal.requestId, failures: renewal.failures ?? none, renewAfterMs })
  }

  #notRenewed({ requestId, work }: RenewCommand, error: LeaseError): void {
    this.#undecidedWork -= work
    this.#fail(requestId, error)
  }

  #release({ requestId, handle }: ReleaseRequest, arrivedAt: number): void {
    let answer: HoldResponse | undefined
    this.#submit('keep', arrivedAt, requestId, {
      decide: time => {
        answer = this.#try(requestId, handle, () => {
          this.#coordinator.sessions.release(this.#session, handle, time)
          return { type: 'released', requestId, handle }
        })
        return true
      },
      answer: () => answer && this.#send(answer),
    })
  }

  #submit(
    kind: Command['kind'],
    arrivedAt: number,
    requestId: number,
    step: Pick<Command, 'decide' | 'answer'> & Partial<Pick<Command, 'refuse'>>,
  ): void {
    const { decide, answer, refuse = (error: LeaseError) => this.#fail(requestId, error) } = step
    this.#undecidedWork += transitionWork
    this.#coordinator.submit({
      kind,
      arrivedAt,
      decide: (time, limit) => {
        this.#coordinator.sessions.heard(this.#session, time)
        return decide(time, limit)
      },
      answer: () => {
        this.#undecidedWork -= transitionWork
        answer()
      },
      refuse: error => {
        this.#undecidedWork -= transitionWork
        refuse(error)
      },
    })
  }

  /** The answer of a decision, or of its refusal. */
  #try(requestId: number, handle: number, decide: () => HoldResponse): HoldResponse {
    try {
      return decide()
    } catch (error) {
      if (error instanceof LeaseError) return failed(requestId, handle, error)
      throw error
    }
  }

  #fail(requestId: number, error: LeaseError): void {
    this.#send(failed(requestId, 0, error))
  }

  #push(push: Push): void {
    this.#send(pushed(push))
  }
}

function withoutInstance(request: AcquireRequest): SessionAcquire {
  const { instance: _, ...command } = request
  return command
}

/** What the renewals of one stream have in common. */
interface Renewing {
  readonly sessions: Sessions
  readonly session: Session
  decided(renewal: RenewCommand): void
  refused(renewal: RenewCommand, error: LeaseError): void
}

const none: readonly never[] = []

/** A renewal that waits for its turn. A class of its own, since it is all that a heartbeat allocates here. */
class RenewCommand implements Command, SessionRenewal {
  readonly kind = 'keep'
  readonly requestId: number
  readonly arrivedAt: number
  /** What it takes to decide it. */
  readonly work: number
  readonly session: Session
  readonly holdings: SessionRenewal['holdings']
  renewed = 0
  failures?: { handle: number; reason: string }[]
  readonly #renewing: Renewing

  constructor(renewing: Renewing, requestId: number, handles: readonly number[] | 'all', arrivedAt: number) {
    this.#renewing = renewing
    this.session = renewing.session
    this.requestId = requestId
    this.arrivedAt = arrivedAt
    this.work = messageWork + (handles === 'all' ? 0 : handles.length)
    this.holdings = handles === 'all' ? renewing.session.handles.values() : handles
  }

  decide(time: Instant, limit: number): boolean {
    const { sessions, session } = this.#renewing
    sessions.heard(session, time)
    return sessions.renew(this, time, limit)
  }

  answer(): void {
    this.#renewing.decided(this)
  }

  refuse(error: LeaseError): void {
    this.#renewing.refused(this, error)
  }
}

function pushed(push: Push): HoldResponse {
  switch (push.type) {
    case 'granted': {
      const { handle, fencingToken, leaseDurationMs, lapseAfterMs: renewAfterMs } = push
      const grant = { handle, fencingToken, renewAfterMs, leaseDurationMs, resumed: false, unconfirmed: true }
      return { type: 'acquired', requestId: 0, ...grant }
    }
    case 'holderChanged':
      return { ...push, state: stateNames[push.state] }
    case 'lost':
      return push
    case 'failed':
      return failed(0, push.handle, push.error)
  }
}

function failed(requestId: number, handle: number, { code, message, details }: LeaseError): FailedResponse {
  const { holderIdentity = '', violations = [], retryAfterMs = 0 } = details
  return { type: 'failed', requestId, reason: code, message, handle, holderIdentity, violations, retryAfterMs }
}
