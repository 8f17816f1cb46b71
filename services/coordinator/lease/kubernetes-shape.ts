import type { LeaseImage, ManagedFieldsEntry, MicroTime } from './lease.js'

/** A Lease as Kubernetes' JSON has it: what was never set is left out. */
export interface KubernetesLease {
  readonly apiVersion: 'coordination.k8s.io/v1'
  readonly kind: 'Lease'
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly name: string
    readonly namespace: string
    readonly uid: string
    readonly resourceVersion: string
  }
  readonly spec: KubernetesLeaseSpec
}

export interface KubernetesLeaseSpec {
  readonly holderIdentity?: string
  readonly leaseDurationSeconds?: number
  readonly acquireTime?: string
  readonly renewTime?: string
  readonly leaseTransitions?: number
  readonly strategy?: string
  readonly preferredHolder?: string
}

/**
 * The lease in the shape that Kubernetes clients know. It never shows the instance, and has whole seconds: a duration
 * is rounded up, so that nobody believes it shorter than it is.
 *
 * @param annotations instead of the lease's own.
 * @see Kubernetes coordination/v1 Lease
 */
export function kubernetesLease(lease: LeaseImage, annotations = lease.annotations): KubernetesLease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: kubernetesMetadata(lease, annotations),
    spec: kubernetesLeaseSpec(lease),
  }
}

/** The metadata alone. */
export function kubernetesMetadata(lease: LeaseImage, annotations = lease.annotations): KubernetesLease['metadata'] {
  const { generateName, generation, deletionTimestamp } = lease
  // One field after the other, in Kubernetes' order: there is an event for each of a million leases that expire at once.
  const metadata: Record<string, unknown> = { name: lease.name }
  if (generateName !== undefined) metadata.generateName = generateName
  metadata.namespace = lease.namespace
  metadata.uid = lease.uid
  metadata.resourceVersion = String(lease.revision)
  if (generation !== undefined) metadata.generation = generation
  metadata.creationTimestamp = secondsTime(lease.creationTimestamp)
  if (deletionTimestamp !== undefined) {
    metadata.deletionTimestamp = secondsTime(deletionTimestamp)
    metadata.deletionGracePeriodSeconds = 0
  }
  if (isFilled(lease.labels)) metadata.labels = lease.labels
  if (isFilled(annotations)) metadata.annotations = annotations
  if (isFilled(lease.ownerReferences)) metadata.ownerReferences = lease.ownerReferences
  if (isFilled(lease.finalizers)) metadata.finalizers = lease.finalizers
  if (isFilled(lease.managedFields)) metadata.managedFields = lease.managedFields.map(managedFields)
  // The four that are required were set above.
  return metadata as KubernetesLease['metadata']
}

/** The spec alone. */
export function kubernetesLeaseSpec(lease: LeaseImage): KubernetesLeaseSpec {
  const { holderIdentity, leaseDurationMs, acquireTime, renewTime, leaseTransitions, strategy, preferredHolder } = lease
  const spec: { -readonly [field in keyof KubernetesLeaseSpec]: KubernetesLeaseSpec[field] } = {}
  if (holderIdentity !== undefined) spec.holderIdentity = holderIdentity
  if (leaseDurationMs !== undefined) spec.leaseDurationSeconds = Math.ceil(leaseDurationMs / 1e3)
  if (acquireTime !== undefined) spec.acquireTime = microTime(acquireTime)
  if (renewTime !== undefined) spec.renewTime = microTime(renewTime)
  if (leaseTransitions !== undefined) spec.leaseTransitions = leaseTransitions
  if (strategy !== undefined) spec.strategy = strategy
  if (preferredHolder !== undefined) spec.preferredHolder = preferredHolder
  return spec
}

/** RFC 3339 in UTC with exactly six digits of a second, the only form that Kubernetes reads. */
export function microTime(time: MicroTime): string {
  if (typeof time === 'number') {
    const seconds = Math.floor(time / 1e6)
    return `${upToSecond(seconds)}.${String(time - seconds * 1e6).padStart(6, '0')}Z`
  }
  const micros = time
  const intoSecond = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const seconds = Number((micros - intoSecond) / 1_000_000n)
  return `${upToSecond(seconds)}.${String(intoSecond).padStart(6, '0')}Z`
}

/** RFC 3339 in UTC with whole seconds. */
export const secondsTime = (seconds: number): string => `${upToSecond(seconds)}Z`

/** The texts of seconds that were asked for lately, each at a place of its own among so many. */
const places = 64
const secondsAt: number[] = new Array(places).fill(Number.NaN)
const textsAt: string[] = new Array(places).fill('')

/** The times of many leases lie within a few seconds, and a text is dear to make. */
function upToSecond(seconds: number): string {
  const place = Math.abs(seconds % places)
  if (secondsAt[place] !== seconds) {
    textsAt[place] = new Date(seconds * 1e3).toISOString().slice(0, -'.000Z'.length)
    secondsAt[place] = seconds
  }
  return textsAt[place] ?? ''
}

function managedFields(entry: ManagedFieldsEntry): Record<string, unknown> {
  return {
    manager: entry.manager,
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    ...present('time', entry.time === undefined ? undefined : secondsTime(entry.time)),
    fieldsType: entry.fieldsType,
    fieldsV1: JSON.parse(entry.fieldsV1),
    ...present('subresource', entry.subresource),
  }
}

/** A computed key widens to string, and K is the only one there is; nothing is made where there is nothing. */
const present = <K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } | undefined =>
  value === undefined ? undefined : ({ [key]: value } as { [key in K]?: V })

/** Kubernetes leaves empty lists and maps out. */
function isFilled<T extends object>(value: T | undefined): value is T {
  if (value === undefined) return false
  for (const _ in value) return true
  return false
}
