import type { LeaseStatus, Operation } from './operation.js'

/** A grant to a waiter lapses after this time, or its lease duration if that is shorter, unless it is confirmed. */
const confirmWithinMs = 3_000

/**
 * One lease as a register of (holder, token), at one place in an order of operations. `nowMs` is the earliest time at
 * which it can have been like this.
 */
export interface LeaseRegister {
  readonly status: LeaseStatus
  /** The present or last holder; '' after a release. */
  readonly holderIdentity: string
  /** Of the present or last tenancy; undefined where an acquire took effect whose answer nobody saw. */
  readonly token: number | undefined
  /** The greatest token that is known: the next is greater. */
  readonly floor: number
  /** Whether an answer told of the present or last tenancy, as read, refused, renewed or resumed by somebody. */
  readonly isSeen: boolean
  readonly leaseDurationMs: number
  /** Before this time the tenancy does not expire. */
  readonly deadlineMs: number
  readonly nowMs: number
}

export const missing: LeaseRegister = {
  status: 'missing',
  holderIdentity: '',
  token: 0,
  floor: 0,
  isSeen: true,
  leaseDurationMs: 0,
  deadlineMs: Number.POSITIVE_INFINITY,
  nowMs: Number.NEGATIVE_INFINITY,
}

/**
 * What may be after the operation took effect at this place, not before its call; undefined when it cannot be here. An
 * operation that is known to have changed nothing still says something of the register.
 */
export function after(before: LeaseRegister, operation: Operation): LeaseRegister | undefined {
  const register = { ...before, nowMs: Math.max(before.nowMs, operation.callMs) }
  const { outcome } = operation
  switch (outcome.type) {
    case 'acquired':
      return outcome.resumed ? resumed(register, operation, outcome.token) : acquired(register, operation, outcome)
    case 'done':
      return operation.kind === 'renew' ? renewed(register, operation) : released(register, operation)
    case 'read':
      return read(register, outcome)
    case 'refused':
      return isRefused(register, operation, outcome) ? seenBy(outcome, register) : undefined
    case 'unknown':
      // An unknown renewal moves the deadline at most: what it allows is allowed without it.
      if (operation.kind === 'acquire') return acquired(register, operation, { token: undefined, unconfirmed: true })
      return operation.kind === 'release' ? released(register, operation) : undefined
  }
}

/**
 * The one transition that nobody asks for: the time of a tenancy runs out, at its deadline or at any time after it.
 * Undefined when nobody holds the lease.
 */
export function expired(register: LeaseRegister): LeaseRegister | undefined {
  if (register.status !== 'held') return undefined
  const nowMs = Math.max(register.nowMs, register.deadlineMs)
  return { ...register, status: 'expired', nowMs, deadlineMs: Number.POSITIVE_INFINITY }
}

/** Whether an operation of which nobody knows what became can take effect here or at any later place. */
export function isStillPossible({ token, floor }: LeaseRegister, { kind, tenancy }: Operation): boolean {
  return kind !== 'release' || tenancy === undefined || tenancy >= (token ?? floor)
}

function acquired(
  register: LeaseRegister,
  { holderIdentity, leaseDurationMs }: Operation,
  { token, unconfirmed }: { token: number | undefined; unconfirmed: boolean },
): LeaseRegister | undefined {
  if (register.status === 'held' || (token !== undefined && token <= register.floor)) return undefined
  // The same is possible without a tenancy that began and ran out without anybody having seen it.
  if (register.status === 'expired' && !register.isSeen) return undefined
  const lastsMs = unconfirmed ? Math.min(leaseDurationMs, confirmWithinMs) : leaseDurationMs
  return {
    status: 'held',
    holderIdentity,
    token,
    floor: token ?? register.floor,
    isSeen: token !== undefined,
    leaseDurationMs,
    deadlineMs: register.nowMs + lastsMs,
    nowMs: register.nowMs,
  }
}

function resumed(register: LeaseRegister, operation: Operation, token: number): LeaseRegister | undefined {
  const { holderIdentity, leaseDurationMs } = operation
  const same = held(register, holderIdentity, token)
  return same && { ...same, leaseDurationMs, deadlineMs: same.nowMs + leaseDurationMs }
}

function renewed(register: LeaseRegister, { holderIdentity, tenancy }: Operation): LeaseRegister | undefined {
  const same = held(register, holderIdentity, tenancy)
  return same && { ...same, deadlineMs: same.nowMs + same.leaseDurationMs }
}

function released(register: LeaseRegister, { holderIdentity, tenancy, outcome }: Operation): LeaseRegister | undefined {
  const same = held(register, holderIdentity, tenancy)
  if (same !== undefined) {
    return { ...same, status: 'released', holderIdentity: '', deadlineMs: Number.POSITIVE_INFINITY }
  }
  // A place in the queue was given up, and no tenancy with it.
  return tenancy === undefined && outcome.type === 'done' ? register : undefined
}

function read(
  register: LeaseRegister,
  { status, holderIdentity, token }: { status: LeaseStatus; holderIdentity: string; token: number },
): LeaseRegister | undefined {
  if (status !== register.status || holderIdentity !== register.holderIdentity) return undefined
  return withToken(register, token)
}

function isRefused(
  register: LeaseRegister,
  { kind, holderIdentity, tenancy }: Operation,
  refusal: { reason: string; holderIdentity: string },
): boolean {
  if (refusal.reason === 'LEASE_NOT_FOUND') return register.status === 'missing'
  if (refusal.reason === 'LEASE_HELD' && kind === 'acquire') {
    const holder = refusal.holderIdentity
    return holder === '' || (register.status === 'held' && register.holderIdentity === holder)
  }
  if (refusal.reason === 'STALE_FENCING_TOKEN' && tenancy !== undefined) {
    return register.token === undefined || held(register, holderIdentity, tenancy) === undefined
  }
  // Any other refusal changes nothing, and says nothing of the lease.
  return true
}

/** A refusal that names the holder has seen the tenancy. */
const seenBy = ({ holderIdentity }: { holderIdentity: string }, register: LeaseRegister): LeaseRegister =>
  register.isSeen || holderIdentity === '' ? register : { ...register, isSeen: true }

/** The register if this holder has the lease, under this token where one is named. */
function held(register: LeaseRegister, holderIdentity: string, token: number | undefined): LeaseRegister | undefined {
  if (register.status !== 'held' || register.holderIdentity !== holderIdentity) return undefined
  return token === undefined ? register : withToken(register, token)
}

/** The register if its token is this one; a token that nobody knew becomes known. */
function withToken(register: LeaseRegister, token: number): LeaseRegister | undefined {
  if (register.token === undefined) {
    return token > register.floor ? { ...register, token, floor: token, isSeen: true } : undefined
  }
  return register.token === token ? register : undefined
}
