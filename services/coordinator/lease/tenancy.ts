import type { Change } from './batch.js'
import type { AcquireCommand, Instant } from './commands.js'
import { invalidRequest } from './errors.js'
import { type LeaseImage, leasePath, type MicroTime, type Selectable } from './lease.js'
import { fieldsOf, imageOf } from './lease-image.js'
import type { LeaseNode } from './lease-node.js'
import { defaultLimits } from './validation.js'

const { maxLabels } = defaultLimits

/** What of a lease says whose it is. */
interface Held {
  readonly holderIdentity?: string | undefined
  readonly instance?: string | undefined
}

/** @throws LeaseError INVALID_REQUEST when the labels that an acquire brings do not fit beside those of the lease. */
export function checkLabels(lease: Selectable, command: AcquireCommand): void {
  if (command.labels === undefined) return
  const count = Object.keys({ ...lease.labels, ...command.labels }).length
  if (count <= maxLabels) return
  const room = `lease ${leasePath(lease)} would have ${count} labels, and may have ${maxLabels}`
  throw invalidRequest([{ field: 'labels', description: `${room}: bring fewer, or take some off by UpdateLease` }])
}

/**
 * Labels with others merged in; the same object when nothing changes, or when they do not fit: a waiter's may not, where
 * others came before it.
 */
function merged(
  labels: Readonly<Record<string, string>> | undefined,
  more: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  if (more === undefined || Object.entries(more).every(([key, value]) => labels?.[key] === value)) return labels
  const all = { ...labels, ...more }
  return Object.keys(all).length > maxLabels ? labels : all
}

/** A time that the coordinator writes: never before the one it replaces, and not equal to it. */
export function laterTime(previous: MicroTime | undefined, wallMicros: number): number {
  if (typeof previous !== 'number' || previous < wallMicros) return wallMicros
  return previous + 1
}

/** Whether an acquire comes from the very process that has the lease. */
export const isOfHolder = (lease: Held, { holderIdentity, instance }: AcquireCommand): boolean =>
  instance !== undefined && instance === lease.instance && holderIdentity === lease.holderIdentity

/** Kubernetes' mark of one process at the end of a holder's identity, as in `node-1_9cbf54e5-1136-44bd-8f9a-1dcd15c346b4`. */
const processMark = /_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What of a holder's identity outlives its process. */
const holderName = (holderIdentity: string): string => holderIdentity.replace(processMark, '')

/** Whether an acquire may take the lease from the process that has it, since both are processes of one holder. */
export const maySupersede = (lease: Held, { holderIdentity, supersede = false }: AcquireCommand): boolean =>
  supersede && holderName(holderIdentity) === holderName(lease.holderIdentity ?? '')

/** The lease in the hands of a new holder, under a new token. */
export function taken(lease: LeaseImage, command: AcquireCommand, revision: number, time: Instant): LeaseImage {
  const labels = merged(lease.labels, command.labels)
  const isSameHolder = lease.state === 'expired' && lease.holderIdentity === command.holderIdentity
  const leaseTransitions = (lease.leaseTransitions ?? 0) + (isSameHolder ? 0 : 1)
  const isSign = isSignOfLife(lease, command)
  return imageOf({
    ...fieldsOf(lease),
    labels,
    holderIdentity: command.holderIdentity,
    leaseDurationMs: command.leaseDurationMs,
    takeoverDelayMs: command.takeoverDelayMs ?? lease.takeoverDelayMs,
    renewTime: laterTime(lease.renewTime, time.wallMicros),
    acquireTime: isSign ? lease.acquireTime : time.wallMicros,
    leaseTransitions: isSign ? lease.leaseTransitions : leaseTransitions,
    state: 'held',
    fencingToken: revision,
    instance: command.instance,
    isWritten: undefined,
    freeSince: undefined,
    revision,
  })
}

/**
 * Whether the lease tells that its one holder is there, and settles nothing between holders: it was first taken with
 * supersede. Kubernetes' heartbeats of nodes and identities of API servers are such leases, and have neither acquireTime
 * nor leaseTransitions.
 */
const isSignOfLife = (lease: LeaseImage, { supersede = false }: AcquireCommand): boolean =>
  lease.fencingToken === 0 ? supersede : lease.acquireTime === undefined

/** A lease that its first holder created. */
export function createdHeld(lease: LeaseImage, command: AcquireCommand, revision: number, time: Instant): LeaseImage {
  const held = taken(lease, command, revision, time)
  return held.leaseTransitions === undefined ? held : imageOf({ ...fieldsOf(held), leaseTransitions: 0 })
}

/** The lease as resumed by the holder that has it; the same object when nothing is new. */
export function resumed(lease: LeaseImage, command: AcquireCommand, revision: number): LeaseImage {
  const labels = merged(lease.labels, command.labels)
  const { leaseDurationMs } = command
  const takeoverDelayMs = command.takeoverDelayMs ?? lease.takeoverDelayMs
  const isSame =
    labels === lease.labels && leaseDurationMs === lease.leaseDurationMs && takeoverDelayMs === lease.takeoverDelayMs
  if (isSame) return lease
  return imageOf({ ...fieldsOf(lease), labels, leaseDurationMs, takeoverDelayMs, revision })
}

/** The lease after its holder's time ran out: it goes on naming its last holder. */
export function expired(node: LeaseNode, revision: number, time: Instant): LeaseImage {
  const { id, namespace, name, uid, creationTimestamp, fencingToken } = node
  const { holderIdentity, leaseDurationMs, acquireTime, renewTime, leaseTransitions, rare } = node
  const instance = rare.takeoverDelayMs === undefined ? undefined : node.instance
  return imageOf(
    {
      id,
      namespace,
      name,
      uid,
      creationTimestamp,
      state: 'expired',
      fencingToken,
      revision,
      holderIdentity,
      leaseDurationMs,
      acquireTime,
      renewTime,
      leaseTransitions,
      instance,
      freeSince: time.wallMicros,
    },
    rare,
  )
}

/** The lease after its holder gave it up, or it was taken back. */
export function released(lease: LeaseImage, revision: number, time: Instant): LeaseImage {
  return imageOf({
    ...fieldsOf(lease),
    holderIdentity: '',
    instance: undefined,
    isWritten: undefined,
    state: 'released',
    freeSince: time.wallMicros,
    revision,
  })
}

/** What is on record when somebody takes a lease that was free. */
export function acquisition(free: LeaseImage, lease: LeaseImage, time: Instant): Change {
  const unheld = unheldMs(free, time)
  return {
    type: 'acquired',
    lease,
    // Only an expired lease still names who held it.
    ...(free.state === 'expired' && free.holderIdentity ? { previousHolder: free.holderIdentity } : {}),
    ...(unheld === undefined ? {} : { unheldMs: unheld }),
  }
}

/** How long nobody held the lease, in ms. */
function unheldMs(lease: LeaseImage, time: Instant): number | undefined {
  if (typeof lease.freeSince !== 'number') return undefined
  return Math.max(0, Math.floor((time.wallMicros - lease.freeSince) / 1e3))
}
