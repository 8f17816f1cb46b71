import { type EventMessage, eventHeaders } from '../../../events/event-message.js'
import { type KubernetesLease, kubernetesLease, microTime } from '../lease/kubernetes-shape.js'
import { type LeaseImage, leasePath } from '../lease/lease.js'
import { type Transition, type TransitionType, transitionTypes } from '../lease/records.js'
import type { Gap, Unpublished } from './outbox.js'

/** The JSON data of a lease's event: the lease in its Kubernetes shape, and what only the coordinator knows. */
export interface LeaseEventData extends KubernetesLease {
  readonly state: string
  /** Decimal strings: they outgrow what some JSON readers keep exact. */
  readonly fencingToken: string
  readonly revision: string
  readonly previousHolder?: string
  readonly cause?: string
  readonly unheldMs?: number
  /** Metadata and long fields were left out, for the message to fit. */
  readonly abridged?: true
}

/** A subject outside of every namespace, since none may begin with an underscore. */
export const gapSubject = 'leases._gap'

/** What the stream captures: every transition, and gaps; not `renewed`, which is told on core NATS only. */
export const streamSubjects: readonly string[] = [...transitionTypes.map(type => `leases.*.${type}.>`), gapSubject]

/** Whether a message on this subject tells of a renewal. */
export const isRenewedSubject = (subject: string): boolean => subject.split('.')[2] === 'renewed'

/** The id of an event, for de-duplication. The same transition has the same id for ever. */
export const eventId = (journalId: string, revision: number): string => `${journalId}.${revision}`

const gapId = (journalId: string, revision: number): string => `${journalId}.${revision}.gap`

/** The revision up to which an event with this id tells, when it is of this journal. */
export function revisionOfEvent(id: string, journalId: string): number | undefined {
  if (!id.startsWith(`${journalId}.`)) return undefined
  const digits = /^(\d+)(\.gap)?$/.exec(id.slice(journalId.length + 1))?.[1]
  const revision = Number(digits ?? Number.NaN)
  return Number.isSafeInteger(revision) ? revision : undefined
}

/**
 * The message of a transition. It depends on nothing else, so that it is the same when it is sent again.
 *
 * @param isAbridged leave out metadata and long fields, for a server that takes only small messages.
 */
export function transitionMessage(journalId: string, transition: Transition, isAbridged = false): EventMessage {
  const { lease, type, time, previousHolder, cause, unheldMs } = transition
  const data = eventData(lease, isAbridged ? abridged(lease) : kubernetesLease(lease))
  if (previousHolder !== undefined && !(isAbridged && isLong(previousHolder))) data.previousHolder = previousHolder
  if (cause !== undefined) data.cause = cause
  if (unheldMs !== undefined) data.unheldMs = unheldMs
  if (isAbridged) data.abridged = true
  return leaseMessage(journalId, type, lease, microTime(time), data)
}

/** The message of a renewal. */
export function renewedMessage(journalId: string, lease: LeaseImage): EventMessage {
  const time = lease.renewTime === undefined ? undefined : microTime(lease.renewTime)
  return leaseMessage(journalId, 'renewed', lease, time, eventData(lease, kubernetesLease(lease)))
}

/** The message that names the revisions whose transitions were given up. */
export function gapMessage(journalId: string, gap: Gap): EventMessage {
  const { fromRevision, throughRevision } = gap
  const data = { fromRevision: String(fromRevision), throughRevision: String(throughRevision) }
  return {
    subject: gapSubject,
    headers: { ...commonHeaders(journalId, gapId(journalId, throughRevision)), 'ce-type': 'dev.leasehold.gap' },
    data: JSON.stringify(data),
  }
}

/** Room for the headers in a message. */
const headersBytes = 2_048

/** The message of what is next in the outbox; a transition that does not fit into `maxBytes` goes abridged. */
export function outboxMessage(journalId: string, next: Unpublished, maxBytes: number): EventMessage {
  if (next.type === 'gap') return gapMessage(journalId, next.gap)
  const message = transitionMessage(journalId, next.transition)
  const fits = Buffer.byteLength(message.data) + headersBytes <= maxBytes
  return fits ? message : transitionMessage(journalId, next.transition, true)
}

function leaseMessage(
  journalId: string,
  type: TransitionType | 'renewed',
  lease: LeaseImage,
  time: string | undefined,
  data: LeaseEventData,
): EventMessage {
  const headers = commonHeaders(journalId, eventId(journalId, lease.revision))
  headers['ce-type'] = `dev.leasehold.lease.${type}`
  headers['ce-subject'] = leasePath(lease)
  if (time !== undefined) headers['ce-time'] = time
  return { subject: `leases.${lease.namespace}.${type}.${lease.name}`, headers, data: JSON.stringify(data) }
}

const commonHeaders = (journalId: string, id: string): Record<string, string> =>
  eventHeaders(id, `/leasehold/journals/${journalId}`)

type Data = { -readonly [field in keyof LeaseEventData]: LeaseEventData[field] }

const eventData = (lease: LeaseImage, { apiVersion, kind, metadata, spec }: KubernetesLease): Data => ({
  apiVersion,
  kind,
  metadata,
  spec,
  state: lease.state,
  fencingToken: String(lease.fencingToken),
  revision: String(lease.revision),
})

const isLong = (text: string): boolean => text.length > 1_024

function abridged(lease: LeaseImage): KubernetesLease {
  return kubernetesLease({
    id: lease.id,
    namespace: lease.namespace,
    name: lease.name,
    uid: lease.uid,
    creationTimestamp: lease.creationTimestamp,
    state: lease.state,
    fencingToken: lease.fencingToken,
    revision: lease.revision,
    ...(lease.holderIdentity === undefined || isLong(lease.holderIdentity)
      ? {}
      : { holderIdentity: lease.holderIdentity }),
    ...(lease.leaseDurationMs === undefined ? {} : { leaseDurationMs: lease.leaseDurationMs }),
  })
}
