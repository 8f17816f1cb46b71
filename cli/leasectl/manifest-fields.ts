/** What a manifest asks for: of a lease that is to be created, and of one that is there. */
import { isDeepStrictEqual } from 'node:util'
import type { Lease, LeaseFields, NewLease } from '../../client/index.js'
import { type LeaseManifest, ManifestError } from '../manifest.js'
import type { PlacedManifest } from './manifest-writes.js'

/** What a manifest may change of a lease that is there. */
type StoredFields = Pick<Lease, keyof LeaseFields>

/** What a new lease is changed from. */
const nothing: StoredFields = { labels: {}, annotations: {}, ownerReferences: [], finalizers: [] }

/** @throws ManifestError for what only the coordinator writes. */
export function newLease(manifest: PlacedManifest): NewLease {
  const { place, namespace, name, generateName, holderIdentity, resourceVersion } = manifest
  for (const field of ['acquireTime', 'renewTime', 'leaseTransitions'] as const) {
    if ((manifest[field] ?? null) === null) continue
    const fault = 'the coordinator sets it when a holder acquires or renews, and the lease is new: leave it out'
    throw new ManifestError(place, `spec.${field}: ${fault}`)
  }
  if (resourceVersion !== undefined) {
    throw new ManifestError(place, 'metadata.resourceVersion: the lease is new and has none: leave it out')
  }
  return {
    namespace,
    ...(name === undefined ? {} : { name }),
    ...(generateName === undefined ? {} : { generateName }),
    ...(holderIdentity ? { holderIdentity } : {}),
    ...changes(manifest, nothing),
  }
}

/**
 * What the manifest changes of a lease: what it names is set, what it does not name stays, null takes off. A change to
 * undefined unsets; a field that is as the manifest has it is absent.
 */
export function changes(manifest: LeaseManifest, stored: StoredFields): LeaseFields {
  const wanted: Record<keyof LeaseFields, unknown> = {
    labels: merged(stored.labels, manifest.labels),
    annotations: merged(stored.annotations, manifest.annotations),
    ownerReferences: chosen(stored.ownerReferences, manifest.ownerReferences, []),
    finalizers: chosen(stored.finalizers, manifest.finalizers, []),
    leaseDurationMs: durationMs(stored.leaseDurationMs, manifest.leaseDurationSeconds),
    strategy: chosen(stored.strategy, manifest.strategy, undefined),
    preferredHolder: chosen(stored.preferredHolder, manifest.preferredHolder, undefined),
    takeoverDelayMs: chosen(stored.takeoverDelayMs, manifest.takeoverDelayMs, undefined),
  }
  const fields = Object.keys(wanted) as (keyof LeaseFields)[]
  return Object.fromEntries(
    fields.filter(field => !isDeepStrictEqual(wanted[field], stored[field])).map(field => [field, wanted[field]]),
  )
}

const chosen = <T>(stored: T, asked: T | null | undefined, none: T): T =>
  asked === undefined ? stored : (asked ?? none)

/** The keys that the manifest names over the stored ones, without those that it says are to be nothing. */
function merged(
  stored: Readonly<Record<string, string>>,
  asked: LeaseManifest['labels'],
): Readonly<Record<string, string>> {
  const all = Object.entries({ ...stored, ...asked })
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null))
}

/** Kubernetes has whole seconds only: a duration that is shown as the one asked for stays as it is. */
function durationMs(storedMs: number | undefined, seconds: number | null | undefined): number | undefined {
  if (storedMs !== undefined && Math.ceil(storedMs / 1_000) === seconds) return storedMs
  return chosen(storedMs, seconds && seconds * 1_000, undefined)
}

/**
 * Refuses what apply cannot change: a lease that is another one by now, its holder, and what the coordinator writes.
 *
 * @throws ManifestError
 */
export function refuseOthersFields(manifest: PlacedManifest, lease: Lease): void {
  const { place, uid = lease.uid, resourceVersion = lease.resourceVersion, holderIdentity } = manifest
  const path = `${lease.namespace}/${lease.name}`
  if (uid !== lease.uid) {
    throw new ManifestError(place, `metadata.uid: ${path} is another lease of the same name by now: leave it out`)
  }
  if (resourceVersion !== lease.resourceVersion) {
    const fault = `${path} has changed since, to ${lease.resourceVersion}: leave it out, or read the lease again`
    throw new ManifestError(place, `metadata.resourceVersion: ${fault}`)
  }
  if (holderIdentity !== undefined && (holderIdentity ?? '') !== (lease.holderIdentity ?? '')) {
    throw new ManifestError(place, `spec.holderIdentity: ${holderFault(lease)}`)
  }
  for (const field of ['acquireTime', 'renewTime', 'leaseTransitions'] as const) {
    if (manifest[field] === undefined || (manifest[field] ?? undefined) === lease[field]) continue
    const fault = `the coordinator sets it, and it is ${lease[field] ?? 'not set'} by now: leave it out`
    throw new ManifestError(place, `spec.${field}: ${fault}`)
  }
}

function holderFault({ namespace, name, state, holderIdentity }: Lease): string {
  const path = `${namespace}/${name}`
  return state === 'held'
    ? `apply changes no holder, and ${path} is held by "${holderIdentity}": leave it out, or \`leasectl revoke ${path}\` first`
    : `apply changes no holder, and nobody holds ${path}: leave it out, or take the lease with \`leasectl hold\``
}
