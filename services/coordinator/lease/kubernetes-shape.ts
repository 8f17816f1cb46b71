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
  return {
    name: lease.name,
    ...present('generateName', lease.generateName),
    namespace: lease.namespace,
    uid: lease.uid,
    resourceVersion: String(lease.revision),
    ...present('generation', lease.generation),
    creationTimestamp: secondsTime(lease.creationTimestamp),
    ...(lease.deletionTimestamp === undefined
      ? undefined
      : { deletionTimestamp: secondsTime(lease.deletionTimestamp), deletionGracePeriodSeconds: 0 }),
    ...present('labels', filled(lease.labels)),
    ...present('annotations', filled(annotations)),
    ...present('ownerReferences', filled(lease.ownerReferences)),
    ...present('finalizers', filled(lease.finalizers)),
    ...present('managedFields', filled(lease.managedFields)?.map(managedFields)),
  }
}

/** The spec alone. */
export function kubernetesLeaseSpec(lease: LeaseImage): KubernetesLeaseSpec {
  const { leaseDurationMs, acquireTime, renewTime } = lease
  return {
    ...present('holderIdentity', lease.holderIdentity),
    ...present('leaseDurationSeconds', leaseDurationMs === undefined ? undefined : Math.ceil(leaseDurationMs / 1e3)),
    ...present('acquireTime', acquireTime === undefined ? undefined : microTime(acquireTime)),
    ...present('renewTime', renewTime === undefined ? undefined : microTime(renewTime)),
    ...present('leaseTransitions', lease.leaseTransitions),
    ...present('strategy', lease.strategy),
    ...present('preferredHolder', lease.preferredHolder),
  }
}

/** RFC 3339 in UTC with exactly six digits of a second, the only form that Kubernetes reads. */
export function microTime(time: MicroTime): string {
  if (typeof time === 'number') {
    const seconds = Math.floor(time / 1e6)
    return `${secondsTime(seconds).slice(0, -1)}.${String(time - seconds * 1e6).padStart(6, '0')}Z`
  }
  const micros = time
  const intoSecond = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const seconds = Number((micros - intoSecond) / 1_000_000n)
  return `${secondsTime(seconds).slice(0, -1)}.${String(intoSecond).padStart(6, '0')}Z`
}

/** RFC 3339 in UTC with whole seconds. */
export function secondsTime(seconds: number): string {
  return `${new Date(seconds * 1e3).toISOString().slice(0, -'.000Z'.length)}Z`
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
const filled = <T extends object>(value: T | undefined): T | undefined =>
  value === undefined || Object.keys(value).length === 0 ? undefined : value
