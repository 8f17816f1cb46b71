/**
 * What a client process did to a lease, and what came of it: the format of docs/histories.md as types. An operation is
 * two lines, its call and its return; one without a return, or with the outcome 'unknown', may have taken effect at any
 * time after its call, or never.
 */

export type OperationKind = 'acquire' | 'renew' | 'release' | 'read'

export interface CallLine {
  readonly event: 'call'
  /** Names the operation among all of the history. */
  readonly operation: string
  readonly process: string
  /** Before it was sent, in ms on CLOCK_MONOTONIC, which all processes of one Linux machine share. */
  readonly atMs: number
  /** NAMESPACE/NAME. */
  readonly lease: string
  readonly kind: OperationKind
  /** Who asks; of every kind but a read. */
  readonly holderIdentity?: string
  /** Of an acquire. */
  readonly leaseDurationMs?: number
  /** Of a renew or release: the tenancy that is meant; absent where the caller gave up a place in the queue. */
  readonly fencingToken?: string
}

export interface ReturnLine {
  readonly event: 'return'
  readonly operation: string
  /** After the answer was read. */
  readonly atMs: number
  readonly outcome: 'ok' | 'refused' | 'unknown'
  /** Of a refusal, the coordinator's reason; of an unknown outcome, what the transport said. */
  readonly reason?: string
  /** Of an acquire, the token it gave; of a read, the one of the present or last tenancy. */
  readonly fencingToken?: string
  /** Of an acquire: the caller had the lease already. */
  readonly resumed?: boolean
  /** Of an acquire: a grant to a waiter, which lapses early unless a renewal confirms it. */
  readonly unconfirmed?: boolean
  /** Of a read. */
  readonly state?: LeaseStatus
  /** Of a read, the present or last holder; of a refusal, the one who has the lease, '' when that was not said. */
  readonly holderIdentity?: string
}

export type HistoryLine = CallLine | ReturnLine

export type LeaseStatus = 'missing' | 'unheld' | 'held' | 'expired' | 'released'

/** A call with what came of it. */
export interface Operation {
  readonly id: string
  readonly process: string
  readonly lease: string
  readonly kind: OperationKind
  readonly holderIdentity: string
  readonly leaseDurationMs: number
  /** The tenancy that a renew or release means; undefined: whatever the caller has. */
  readonly tenancy: number | undefined
  readonly callMs: number
  /** Infinity when the outcome is unknown. */
  readonly returnMs: number
  readonly outcome: Outcome
}

export type Outcome =
  | { readonly type: 'unknown' }
  | { readonly type: 'acquired'; readonly token: number; readonly resumed: boolean; readonly unconfirmed: boolean }
  | { readonly type: 'done' }
  | { readonly type: 'read'; readonly status: LeaseStatus; readonly holderIdentity: string; readonly token: number }
  | { readonly type: 'refused'; readonly reason: string; readonly holderIdentity: string }

/**
 * Joins calls and returns.
 *
 * @param text lines of any number of processes, in any order; a last line that a killed process left unfinished is none.
 * @throws Error for a return without its call, or a call that is there twice.
 */
export function operationsOf(...texts: readonly string[]): Operation[] {
  const calls = new Map<string, CallLine>()
  const returns = new Map<string, ReturnLine>()
  for (const line of texts.flatMap(linesOf)) {
    const known = line.event === 'call' ? calls : returns
    if (known.has(line.operation)) throw new Error(`${line.event} of ${line.operation} is there twice`)
    if (line.event === 'call') calls.set(line.operation, line)
    else returns.set(line.operation, line)
  }
  for (const id of returns.keys()) if (!calls.has(id)) throw new Error(`return of ${id} without its call`)
  return [...calls.values()].map(call => joined(call, returns.get(call.operation)))
}

// The lines are what `HistoryFile` wrote, or what a test made by hand.
const linesOf = (text: string): HistoryLine[] =>
  text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as HistoryLine)

function joined(call: CallLine, end: ReturnLine | undefined): Operation {
  const outcome = outcomeOf(call, end)
  return {
    id: call.operation,
    process: call.process,
    lease: call.lease,
    kind: call.kind,
    holderIdentity: call.holderIdentity ?? '',
    leaseDurationMs: call.leaseDurationMs ?? 0,
    tenancy: call.fencingToken === undefined ? undefined : Number(call.fencingToken),
    callMs: call.atMs,
    returnMs: end === undefined || outcome.type === 'unknown' ? Number.POSITIVE_INFINITY : end.atMs,
    outcome,
  }
}

function outcomeOf({ kind }: CallLine, end: ReturnLine | undefined): Outcome {
  if (end === undefined || end.outcome === 'unknown') return { type: 'unknown' }
  const { reason = '', holderIdentity = '', state = 'unheld', resumed = false, unconfirmed = false } = end
  if (end.outcome === 'refused') return { type: 'refused', reason, holderIdentity }
  const token = Number(end.fencingToken ?? 0)
  if (kind === 'acquire') return { type: 'acquired', token, resumed, unconfirmed }
  return kind === 'read' ? { type: 'read', status: state, holderIdentity, token } : { type: 'done' }
}
