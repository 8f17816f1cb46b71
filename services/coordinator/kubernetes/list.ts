/** Lists of leases: read in pieces, so that a million of them hold nobody up, and sent as they are read. */
import type { LeaseImage } from '../lease/lease.js'
import { type LeaseSlice, readNamed, readSlice } from '../reads/lease-slices.js'
import { pageToken, readPageToken } from '../reads/page-token.js'
import { deleteLeases } from './delete-leases.js'
import { deleteOptions } from './delete-options.js'
import { type LeaseSelection, leaseSelection } from './lease-selection.js'
import type { KubernetesPort } from './leases.js'
import { listOptions } from './list-options.js'
import type { KubernetesRequest } from './request.js'
import { expired } from './status.js'

/** Leases read in one turn of the coordinator: about as many as are encoded in a few milliseconds. */
const sliceSize = 250
const maxSliceBytes = 512 * 1024

/** What follows the leases of a list. */
export interface ListMetadata {
  readonly resourceVersion: string
  /** The token of the next page; absent on the last. */
  readonly continue?: string
}

/** A list as it is read: the pieces, and when all are there what there is to say of it. */
export type ListPieces = AsyncGenerator<readonly LeaseImage[], ListMetadata>

/**
 * The leases of a list. The first piece is read when this resolves, so that what is wrong with the request is known.
 * @throws StatusError 400, 410, 422, 504; LeaseError INVALID_REQUEST
 */
export async function listLeases(coordinator: KubernetesPort, request: KubernetesRequest): Promise<ListPieces> {
  const selection = leaseSelection(request)
  const seal = [
    coordinator.journalId,
    request.namespace,
    ...['labelSelector', 'fieldSelector'].map(name => request.query.get(name) ?? ''),
  ]
  const { limit, continue: token } = listOptions(request.query, coordinator.feed.revision)
  const position = token === '' ? undefined : readPageToken(token, seal)
  if (token !== '' && position === undefined) {
    throw expired(
      'The provided continue parameter is not of this list, or of another coordinator: list again without it.',
    )
  }
  const most = limit === 0 ? Number.POSITIVE_INFINITY : limit
  const first = await readPiece(coordinator, selection, most, position?.after)
  const revision = position?.revision ?? first.revision
  return pieces()

  async function* pieces(): ListPieces {
    let piece = first
    let left = most - first.leases.length
    yield imagesOf(first)
    while (piece.after !== undefined && left > 0) {
      piece = await readPiece(coordinator, selection, left, piece.after)
      left -= piece.leases.length
      yield imagesOf(piece)
    }
    const { after } = piece
    return {
      resourceVersion: String(revision),
      ...(after !== undefined && { continue: pageToken({ revision, after }, seal) }),
    }
  }
}

/**
 * DELETE of a collection: the leases that it deleted. Not one piece is decided together with another.
 * @throws StatusError 400, 422; LeaseError
 */
export async function deleteCollection(coordinator: KubernetesPort, request: KubernetesRequest): Promise<ListPieces> {
  const { namespace, matches } = leaseSelection(request)
  const { isDryRun } = deleteOptions(request)
  listOptions(request.query, coordinator.feed.revision)
  const steps = deleteLeases(coordinator, { namespace, matches, validateOnly: isDryRun })
  const all: LeaseImage[] = []
  for await (const step of steps) all.push(...step)
  const { revision } = coordinator.feed
  return pieces()

  async function* pieces(): ListPieces {
    for (let at = 0; at < all.length; at += sliceSize) yield all.slice(at, at + sliceSize)
    return { resourceVersion: String(revision) }
  }
}

function readPiece(
  coordinator: KubernetesPort,
  { namespace, name, matches }: LeaseSelection,
  most: number,
  after: string | undefined,
): Promise<LeaseSlice> {
  if (namespace !== '' && name !== undefined) return readNamed(coordinator, { namespace, name, matches })
  const query = { namespace, matches, limit: Math.min(sliceSize, most), ...(after !== undefined && { after }) }
  return readSlice(coordinator, query, maxSliceBytes)
}

const imagesOf = ({ leases }: LeaseSlice): readonly LeaseImage[] => leases.map(({ lease }) => lease)
