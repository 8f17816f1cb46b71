import type { Clock } from '../clock/clock.js'
import type { Random } from '../clock/random.js'
import type { LeaseChange__Output } from '../protos/generated/leasehold/v1/LeaseChange.js'
import type { LeaseChangeType__Output } from '../protos/generated/leasehold/v1/LeaseChangeType.js'
import type { WatchLeasesRequest } from '../protos/generated/leasehold/v1/WatchLeasesRequest.js'
import type { WatchLeasesResponse__Output } from '../protos/generated/leasehold/v1/WatchLeasesResponse.js'
import type { AddressList } from './address-list.js'
import { anySignal } from './any-signal.js'
import { Backoff } from './backoff.js'
import { type Lease, leaseFromMessage } from './lease.js'
import { sleep } from './sleep.js'
import { toDuration } from './time.js'
import { TransportError } from './transport.js'

/** What to watch. */
export interface WatchOptions {
  /** All namespaces by default. */
  readonly namespace?: string
  /** Only this lease; needs a namespace. */
  readonly name?: string
  /** In Kubernetes' syntax. A lease that leaves the selection is told as deleted. */
  readonly labelSelector?: string
  /** Tell renewals too; best effort. */
  readonly includeRenewals?: boolean
  /** With includeRenewals: tell them as ids of leases, which costs a fraction of a change for each. */
  readonly compactRenewals?: boolean
  /** Tell as often as this, at least, how far the watch is: 1,000 to 60,000. By default it is not told. */
  readonly bookmarkIntervalMs?: number
  /** Begin after this revision, as a list or an earlier watch told it, instead of with the leases as they are. */
  readonly resumeAfterRevision?: number
  /** The journal which that revision belongs to. */
  readonly journalId?: string
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal
}

export type ChangeType =
  | 'existing'
  | 'created'
  | 'acquired'
  | 'renewed'
  | 'transferred'
  | 'released'
  | 'expired'
  | 'updated'
  | 'deleted'

/** One change of one lease; 'existing' for one of the initial state. */
export interface LeaseChange {
  readonly type: ChangeType
  /** The lease after the change; for a deletion, as it was last. */
  readonly lease: Lease
  /** Who held it before, when the holder changed; '' otherwise. */
  readonly previousHolderIdentity: string
  /** Why, where there is more than one possible reason; '' otherwise. */
  readonly cause: string
  readonly revision: number
}

/**
 * What a watch yields besides changes. `synced`: the initial state is complete. `restarted`: the watch could not go on
 * where it was; forget what it told: the leases as they are follow, as `existing`, and then `synced`.
 *
 * `renewals`, with compactRenewals: leases that the watch has told before and that were renewed, each once; a change of a
 * lease stands for the renewals before it, so look at the `renewTime` it has. `bookmark`, with bookmarkIntervalMs:
 * everything up to the revision has been told, renewals included.
 */
export type WatchEvent =
  | LeaseChange
  | { readonly type: 'renewals'; readonly leaseIds: readonly number[] }
  | { readonly type: 'bookmark'; readonly revision: number }
  | { readonly type: 'synced'; readonly revision: number; readonly journalId: string }
  | { readonly type: 'restarted' }

/** Tells a change from the other events of a watch. */
export const isLeaseChange = (event: WatchEvent): event is LeaseChange => 'lease' in event

/** A failure of the way to the coordinator or of its moment, not of the request. */
const passing: readonly string[] = [
  'UNAVAILABLE',
  'RESOURCE_EXHAUSTED',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
  'UNKNOWN',
  'ABORTED',
]

/** What a watch needs of its client. */
interface WatchContext {
  readonly addresses: AddressList
  readonly clock: Clock
  readonly random: Random
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal
}

/**
 * Watches leases, over breaks: it resumes after the last revision that was told, at the next address.
 *
 * @throws TransportError for a request that can never succeed, as one with a malformed selector.
 */
export async function* watchLeases(
  { addresses, clock, random, closed }: WatchContext,
  options: WatchOptions,
): AsyncGenerator<WatchEvent, void, void> {
  const backoff = new Backoff(random)
  const position = new Position(options.resumeAfterRevision ?? 0, options.journalId ?? '')
  const { signal, letGo } = anySignal(closed, ...(options.signal === undefined ? [] : [options.signal]))
  try {
    while (!signal.aborted) {
      const transport = addresses.current()
      try {
        if (position.mustRestart()) yield { type: 'restarted' }
        const request = requestFor(options, position)
        const responses = transport.stream<WatchLeasesRequest, WatchLeasesResponse__Output>('WatchLeases', request, {
          signal,
        })
        for await (const response of responses) {
          backoff.reset()
          if (response.changes.length > 0) position.hasTold = true
          for (const change of response.changes) yield changeFromMessage(change)
          const renewedIds = response.renewals?.leaseIds ?? []
          if (renewedIds.length > 0) yield { type: 'renewals', leaseIds: renewedIds.map(Number) }
          if (position.advance(response)) {
            yield { type: 'synced', revision: position.revision, journalId: position.journalId }
          } else if (position.revision > 0 && options.bookmarkIntervalMs !== undefined) {
            yield { type: 'bookmark', revision: position.revision }
          }
        }
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof TransportError)) throw error
        if (error.status === 'OUT_OF_RANGE' && position.revision > 0) {
          position.void()
          continue
        }
        if (!passing.includes(error.status)) throw error
        if (error.status === 'UNAVAILABLE') addresses.moveOn(transport)
      }
      await sleep(clock, backoff.nextMs(), signal)
    }
  } finally {
    letGo()
  }
}

function requestFor(options: WatchOptions, { revision, journalId }: Position): WatchLeasesRequest {
  const { bookmarkIntervalMs } = options
  return {
    namespace: options.namespace ?? '',
    name: options.name ?? '',
    labelSelector: options.labelSelector ?? '',
    includeRenewals: options.includeRenewals ?? false,
    compactRenewals: options.compactRenewals ?? false,
    ...(bookmarkIntervalMs !== undefined && { bookmarkInterval: toDuration(bookmarkIntervalMs) }),
    resumeAfterRevision: revision,
    journalId,
  }
}

/** How far a watch has told what there is. */
class Position {
  /** What to resume after; 0 until the initial state is complete. */
  revision: number
  journalId: string
  /** Whether the consumer knows something that a fresh initial state would contradict. */
  hasTold = false

  constructor(revision: number, journalId: string) {
    this.revision = revision
    this.journalId = journalId
    this.hasTold = revision > 0
  }

  /** Takes in what a response says of where the watch is; true when it completes the initial state. */
  advance(response: WatchLeasesResponse__Output): boolean {
    const isComplete = response.initialStateEnd && this.revision === 0
    if (this.revision > 0 || isComplete) {
      this.revision = Math.max(this.revision, Number(response.revision))
      if (response.journalId !== '') this.journalId = response.journalId
      this.hasTold = true
    }
    return isComplete
  }

  /** The coordinator cannot resume here. */
  void(): void {
    this.revision = 0
    this.journalId = ''
    this.hasTold = true
  }

  /** Whether the coming initial state replaces one that was told; asked once before each try. */
  mustRestart(): boolean {
    const must = this.revision === 0 && this.hasTold
    if (must) this.hasTold = false
    return must
  }
}

const types: Record<LeaseChangeType__Output, ChangeType> = {
  LEASE_CHANGE_TYPE_UNSPECIFIED: 'updated',
  LEASE_CHANGE_TYPE_EXISTING: 'existing',
  LEASE_CHANGE_TYPE_CREATED: 'created',
  LEASE_CHANGE_TYPE_ACQUIRED: 'acquired',
  LEASE_CHANGE_TYPE_RENEWED: 'renewed',
  LEASE_CHANGE_TYPE_TRANSFERRED: 'transferred',
  LEASE_CHANGE_TYPE_RELEASED: 'released',
  LEASE_CHANGE_TYPE_EXPIRED: 'expired',
  LEASE_CHANGE_TYPE_UPDATED: 'updated',
  LEASE_CHANGE_TYPE_DELETED: 'deleted',
}

function changeFromMessage({ type, lease, previousHolderIdentity, cause }: LeaseChange__Output): LeaseChange {
  if (lease === null) throw new TransportError('INTERNAL', 'the coordinator told a change without its lease')
  const plain = leaseFromMessage(lease)
  return { type: types[type], lease: plain, previousHolderIdentity, cause, revision: plain.revision }
}
