/** WatchLeases: a watch as messages of the contract. */
import type { ServerWritableStream } from '@grpc/grpc-js'
import type { Clock } from '../../../clock/clock.js'
import type { LeaseChange } from '../../../protos/generated/leasehold/v1/LeaseChange.js'
import type { WatchLeasesRequest__Output } from '../../../protos/generated/leasehold/v1/WatchLeasesRequest.js'
import type { WatchLeasesResponse } from '../../../protos/generated/leasehold/v1/WatchLeasesResponse.js'
import type { CoordinatorPort } from '../coordinator-port.js'
import type { FeedChange } from '../feed/feed.js'
import { approximateBytes, type FoundLease } from '../reads/lease-slices.js'
import { LeaseWatch, type Told, type ToldChanges } from '../reads/lease-watch.js'
import { changeNames, expireTimeByImage, leaseMessage } from './lease-message.js'
import { requestOf } from './unary.js'
import { watchQuery } from './watch-request.js'

export type WatchCall = ServerWritableStream<WatchLeasesRequest__Output, WatchLeasesResponse>

/** A message ends when it has so many changes, or is about so large. */
const maxChanges = 1000
const maxMessageBytes = 128 * 1024

/** The watch that a call asks for, to be run. @throws LeaseError INVALID_REQUEST, WRONG_JOURNAL */
export function watchStream(call: WatchCall, coordinator: CoordinatorPort, clock: Clock): LeaseWatch<unknown> {
  const { journalId } = coordinator
  return new LeaseWatch<WatchLeasesResponse>({
    coordinator,
    clock,
    query: watchQuery(requestOf(call), journalId),
    face: {
      messagesOf,
      write: (message, onTaken) => void call.write({ ...message, journalId }, onTaken),
    },
  })
}

function messagesOf(told: Told): Iterable<WatchLeasesResponse> {
  switch (told.type) {
    case 'leases':
      return [{ changes: told.leases.map(existing) }]
    case 'initial-state-end':
      return [{ revision: told.revision, initialStateEnd: true }]
    case 'resumed':
    case 'bookmark':
      return [{ revision: told.revision }]
    case 'changes':
      return changeMessages(told)
  }
}

/** Every message but the last tells the revision of before: only with the last one everything up to the new one is told. */
function* changeMessages(told: ToldChanges): Generator<WatchLeasesResponse> {
  let message: LeaseChange[] = []
  let bytes = 0
  for (const change of told.changes) {
    bytes += approximateBytes(change.lease)
    if (message.length > 0 && (message.length >= maxChanges || bytes > maxMessageBytes)) {
      yield { changes: message, revision: told.revisionBefore }
      message = []
      bytes = approximateBytes(change.lease)
    }
    message.push(changeMessage(change))
  }
  const { renewedIds, revision } = told
  yield {
    changes: message,
    revision,
    ...(renewedIds.length > 0 && { renewals: { leaseIds: [...renewedIds] } }),
  }
}

const existing = ({ lease, expireTime }: FoundLease): LeaseChange => ({
  type: changeNames.existing,
  lease: leaseMessage(lease, expireTime),
})

function changeMessage({ type, lease, previousHolder, cause }: FeedChange): LeaseChange {
  return {
    type: changeNames[type],
    lease: leaseMessage(lease, expireTimeByImage(lease)),
    ...(previousHolder !== undefined && { previousHolderIdentity: previousHolder }),
    ...(cause !== undefined && { cause }),
  }
}
