/** What a lease may be asked to be: Kubernetes' rules for its metadata and spec, and our limits. */
import type { LeaseChanges } from './commands.js'
import type { FieldViolation } from './errors.js'
import { forbidden, invalid, notSupported, required, tooLong, tooMany } from './field-errors.js'
import {
  sizeOf,
  validateAnnotations,
  validateFinalizers,
  validateLabels,
  validateManagedFields,
  validateName,
  validateNamespace,
  validateOwnerReferences,
} from './metadata-rules.js'
import { qualifiedNameFaults } from './name-rules.js'

/** What keeps one lease small. */
export interface Limits {
  readonly minLeaseDurationMs: number
  readonly maxLeaseDurationMs: number
  /** Labels of one lease. */
  readonly maxLabels: number
  /** The keys and values of all labels of one lease. */
  readonly maxLabelBytes: number
  readonly maxOwnerReferences: number
  readonly maxFinalizers: number
  /** The owner references, finalizers, managed fields and preferred holder of one lease, each of them, as JSON. */
  readonly maxListBytes: number
}

export const defaultLimits: Limits = {
  minLeaseDurationMs: 1_000,
  maxLeaseDurationMs: 7 * 24 * 3_600_000,
  maxLabels: 64,
  maxLabelBytes: 16_384,
  maxOwnerReferences: 64,
  maxFinalizers: 64,
  maxListBytes: 131_072,
}

/** The most entries in the record of who set which field. */
const maxManagers = 256

/** The longest that a lease may be kept for its last holder. */
const maxTakeoverDelayMs = 3_600_000

/** The most bytes of a holder's identity in an acquire. */
export const maxHolderIdentityBytes = 1024

const none: readonly FieldViolation[] = []

/** What every acquire has: on a stream, without one, and in a create that names a holder. */
export interface AcquireFields {
  readonly namespace: string
  readonly name: string
  readonly holderIdentity: string
  /** Hex digits; '' or absent: no instance. */
  readonly instance?: string | undefined
  /** Absent: it was not set. NaN: it was no Duration. */
  readonly leaseDurationMs?: number | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly priority?: number | undefined
  /** Infinity: without end. */
  readonly waitTimeoutMs?: number | undefined
  readonly takeoverDelayMs?: number | undefined
}

/**
 * The rules for an acquire. Cheap for a valid one, since every node of a fleet that comes back sends some.
 * @param prefix what comes before the names of the fields, as in `acquire.`; the names are those of the protos.
 */
export function validateAcquire(fields: AcquireFields, limits: Limits, prefix = ''): readonly FieldViolation[] {
  const { namespace, name, holderIdentity, instance, leaseDurationMs, labels, priority, waitTimeoutMs } = fields
  return concat(
    validateNamespace(namespace, `${prefix}namespace`),
    validateName(name, `${prefix}name`),
    validateHolderIdentity(holderIdentity, `${prefix}holder_identity`),
    validateInstance(instance, `${prefix}instance`),
    validateLeaseDuration(leaseDurationMs, limits, `${prefix}lease_duration`),
    labels === undefined ? none : validateAllLabels(labels, limits, `${prefix}labels`),
    validatePriority(priority, `${prefix}priority`),
    validateWaitTimeout(waitTimeoutMs, `${prefix}wait_timeout`),
    validateTakeoverDelay(fields.takeoverDelayMs, `${prefix}takeover_delay`),
  )
}

/** The rule for who wants to hold a lease. */
export function validateHolderIdentity(holderIdentity: string, field: string): readonly FieldViolation[] {
  if (holderIdentity === '') return [required(field, 'say who wants to hold the lease')]
  const isLong = holderIdentity.length > 256 && Buffer.byteLength(holderIdentity) > maxHolderIdentityBytes
  return isLong ? [tooLong(field, maxHolderIdentityBytes)] : none
}

function validateInstance(instance: string | undefined, field: string): readonly FieldViolation[] {
  if (instance === undefined || instance === '' || /^[0-9a-f]{32}$/.test(instance)) return none
  const detail = 'must be 16 random bytes, made once by each client process, or absent'
  return [{ field, description: `Invalid value: ${detail}` }]
}

/** The rule for how long a renewal lasts. Other faces than Kubernetes' keep our limits. */
export function validateLeaseDuration(
  leaseDurationMs: number | undefined,
  { minLeaseDurationMs, maxLeaseDurationMs }: Limits,
  field: string,
): readonly FieldViolation[] {
  if (leaseDurationMs !== undefined && leaseDurationMs >= minLeaseDurationMs && leaseDurationMs <= maxLeaseDurationMs) {
    return Number.isInteger(leaseDurationMs) ? none : [invalid(field, shown(leaseDurationMs), 'use whole milliseconds')]
  }
  const range = `between ${minLeaseDurationMs / 1e3} s and ${maxLeaseDurationMs / 1e3} s`
  if (leaseDurationMs === undefined) return [required(field, `set a duration ${range}`)]
  return [invalid(field, shown(leaseDurationMs), `must be ${range}`)]
}

function validatePriority(priority: number | undefined, field: string): readonly FieldViolation[] {
  if (priority === undefined || priority === (priority | 0)) return none
  return [invalid(field, priority, 'must be a whole number of 32 bits')]
}

function validateWaitTimeout(waitTimeoutMs: number | undefined, field: string): readonly FieldViolation[] {
  if (waitTimeoutMs === undefined || waitTimeoutMs >= 0) return none
  return [invalid(field, shown(waitTimeoutMs), 'must be 0 s or more; leave it out to get the lease at once or not')]
}

function validateTakeoverDelay(takeoverDelayMs: number | undefined, field: string): readonly FieldViolation[] {
  if (takeoverDelayMs === undefined) return none
  const isFine = takeoverDelayMs > 0 && takeoverDelayMs <= maxTakeoverDelayMs && Number.isInteger(takeoverDelayMs)
  const detail = `must be whole milliseconds, up to ${maxTakeoverDelayMs / 1e3} s; leave it out for none`
  return isFine ? none : [invalid(field, shown(takeoverDelayMs), detail)]
}

/** Labels under Kubernetes' rules and our limits. */
export function validateAllLabels(
  labels: Readonly<Record<string, string>>,
  { maxLabels, maxLabelBytes }: Limits,
  field: string,
): readonly FieldViolation[] {
  const count = Object.keys(labels).length
  if (count > maxLabels) return [tooMany(field, count, maxLabels)]
  return sizeOf(labels) > maxLabelBytes ? [tooLong(field, maxLabelBytes)] : validateLabels(labels, field)
}

/**
 * Kubernetes' rules, and our limits of number, for what may be set on a lease beside its holder; not for the duration,
 * where the faces differ, nor for the preferred holder, which looks at the strategy that the lease will have.
 * @param prefix what comes before `metadata.` and `spec.`; the names are Kubernetes', in camel case.
 */
export function validateChanges(changes: LeaseChanges, limits: Limits, prefix = ''): readonly FieldViolation[] {
  const { labels, annotations, ownerReferences, finalizers, managedFields, strategy, preferredHolder } = changes
  const metadata = `${prefix}metadata`
  const { maxOwnerReferences, maxFinalizers, maxListBytes } = limits
  return concat(
    labels === undefined ? none : validateAllLabels(labels, limits, `${metadata}.labels`),
    annotations === undefined ? none : validateAnnotations(annotations, `${metadata}.annotations`),
    validateList(ownerReferences, maxOwnerReferences, limits, `${metadata}.ownerReferences`, validateOwnerReferences),
    validateList(finalizers, maxFinalizers, limits, `${metadata}.finalizers`, validateFinalizers),
    validateList(managedFields, maxManagers, limits, `${metadata}.managedFields`, validateManagedFields),
    strategy === undefined ? none : validateStrategy(strategy, `${prefix}spec.strategy`),
    sizeOfList(preferredHolder) > maxListBytes ? [tooLong(`${prefix}spec.preferredHolder`, maxListBytes)] : none,
    validateTakeoverDelay(changes.takeoverDelayMs, `${prefix}spec.takeoverDelay`),
  )
}

/** Kubernetes' strategies of coordinated leader election: one is its own, others have a prefix. */
export function validateStrategy(strategy: string, field: string): readonly FieldViolation[] {
  if (strategy.includes('/')) return qualifiedNameFaults(strategy).map(fault => invalid(field, strategy, fault))
  return strategy === 'OldestEmulationVersion' ? none : [notSupported(field, strategy, ['OldestEmulationVersion'])]
}

/** A preferred holder needs a strategy; both as they will be, also where a change leaves one as it was. */
export function validatePreferredHolder(
  preferredHolder: string | undefined,
  strategy: string | undefined,
  field: string,
): readonly FieldViolation[] {
  const isFine = !preferredHolder || strategy
  return isFine ? none : [forbidden(field, 'may only be specified if `strategy` is defined')]
}

function validateList<Item>(
  items: readonly Item[] | undefined,
  maxItems: number,
  { maxListBytes }: Limits,
  field: string,
  validate: (items: readonly Item[], field: string) => readonly FieldViolation[],
): readonly FieldViolation[] {
  if (items === undefined) return none
  if (items.length > maxItems) return [tooMany(field, items.length, maxItems)]
  return sizeOfList(items) > maxListBytes ? [tooLong(field, maxListBytes)] : validate(items, field)
}

const sizeOfList = (list: unknown): number => (list === undefined ? 0 : Buffer.byteLength(JSON.stringify(list)))

/** A duration for people. */
const shown = (ms: number): string => (Number.isFinite(ms) ? `${ms / 1e3}s` : 'no valid duration')

function concat(...lists: (readonly FieldViolation[])[]): readonly FieldViolation[] {
  return lists.every(list => list.length === 0) ? none : lists.flat()
}
