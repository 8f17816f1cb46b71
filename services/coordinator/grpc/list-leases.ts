import type { ListLeasesRequest__Output } from '../../../protos/generated/leasehold/v1/ListLeasesRequest.js'
import type { ListLeasesResponse } from '../../../protos/generated/leasehold/v1/ListLeasesResponse.js'
import type { CoordinatorPort } from '../coordinator-port.js'
import { stateNames } from '../hold-session.js'
import { type FieldViolation, invalidRequest, LeaseError } from '../lease/errors.js'
import { invalid } from '../lease/field-errors.js'
import { type LabelPredicate, parseLabelSelector } from '../lease/label-selector.js'
import type { LeaseImage } from '../lease/lease.js'
import { validateNamespace } from '../lease/metadata-rules.js'
import { readSlice } from '../reads/lease-slices.js'
import { type PagePosition, pageToken, readPageToken } from '../reads/page-token.js'
import { leaseMessage } from './lease-message.js'

const defaultPageSize = 500
const maxPageSize = 1000

/** A page ends when it is about so large: clients take messages of 4 MiB unless told otherwise. */
const maxPageBytes = 1024 * 1024

/** One page looks at the leases in so many steps at most, with other commands in between, before it comes empty. */
const maxSteps = 20

/**
 * One page of leases.
 * @param isCancelled whether the caller has hung up.
 * @throws LeaseError INVALID_REQUEST
 */
export async function listLeases(
  coordinator: CoordinatorPort,
  request: ListLeasesRequest__Output,
  isCancelled: () => boolean,
): Promise<ListLeasesResponse> {
  const { journalId } = coordinator
  const { pageSize } = request
  const matches = matcherOf(request)
  const query = queryOf(request, journalId)
  const position = request.pageToken === '' ? undefined : positionOf(request.pageToken, query)
  const limit = pageSize === 0 ? defaultPageSize : pageSize
  let revision = position?.revision
  let after = position?.after
  for (let step = 1; ; step++) {
    const found = await readSlice(
      coordinator,
      { namespace: request.namespace, matches, limit, ...(after !== undefined && { after }) },
      maxPageBytes,
    )
    revision ??= found.revision
    after = found.after
    const isLast = after === undefined || found.leases.length > 0 || step === maxSteps || isCancelled()
    if (!isLast) continue
    return {
      leases: found.leases.map(({ lease, expireTime }) => leaseMessage(lease, expireTime)),
      nextPageToken: after === undefined ? '' : pageToken({ revision, after }, query),
      revision,
      journalId,
    }
  }
}

function matcherOf(request: ListLeasesRequest__Output): (lease: LeaseImage) => boolean {
  const { labelSelector, holderIdentity, state, pageSize, namespace } = request
  const violations = [...namespaceFilterViolations(namespace)]
  const selects = selectorOf(labelSelector, violations)
  if (pageSize < 0 || pageSize > maxPageSize) {
    violations.push(invalid('page_size', pageSize, `must be between 1 and ${maxPageSize}, or 0 for ${defaultPageSize}`))
  }
  // A state of a later version of the contract comes as its number.
  if (typeof state !== 'string') violations.push(invalid('state', state, 'is no state of a lease'))
  if (violations.length > 0) throw invalidRequest(violations)
  return lease =>
    (holderIdentity === '' || lease.holderIdentity === holderIdentity) &&
    (state === 'LEASE_STATE_UNSPECIFIED' || stateNames[lease.state] === state) &&
    selects(lease.labels)
}

/** The rule for a namespace that narrows a request; '' is all. */
export function namespaceFilterViolations(namespace: string): readonly FieldViolation[] {
  return namespace === '' ? [] : validateNamespace(namespace, 'namespace')
}

/** The selector of a request; its faults join the others. */
export function selectorOf(labelSelector: string, violations: FieldViolation[]): LabelPredicate {
  try {
    return parseLabelSelector(labelSelector, 'label_selector')
  } catch (error) {
    if (!(error instanceof LeaseError)) throw error
    violations.push(...(error.details.violations ?? []))
    return () => false
  }
}

function positionOf(token: string, query: readonly string[]): PagePosition {
  const position = readPageToken(token, query)
  if (position !== undefined) return position
  const description =
    'Invalid value: is not the next_page_token of this list: send the token as it was given, with the other fields as ' +
    'in the request before, to the same coordinator; or begin again without it'
  throw invalidRequest([{ field: 'page_token', description }])
}

function queryOf({ namespace, labelSelector, holderIdentity, state }: ListLeasesRequest__Output, journalId: string) {
  return [journalId, namespace, labelSelector, holderIdentity, state]
}
