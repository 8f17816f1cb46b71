import type { UpdateLeaseRequest__Output } from '../../../protos/generated/leasehold/v1/UpdateLeaseRequest.js'
import type { Instant, LeaseChanges, Leases, UpdateCommand } from '../lease/commands.js'
import type { FieldViolation } from '../lease/errors.js'
import { forbidden } from '../lease/field-errors.js'
import type { LeaseImage } from '../lease/lease.js'
import { validateNoNewFinalizers } from '../lease/metadata-rules.js'
import { type Limits, validateChanges, validatePreferredHolder } from '../lease/validation.js'
import { coordinatorsFields, durationViolations, nameViolations } from './lease-requests.js'
import { asProtoPaths, changesOf, given, refuseAny, setFields } from './request-fields.js'

/** What may be in an update mask, and which field it is. */
const updatable: Readonly<Record<string, keyof LeaseChanges>> = {
  'metadata.labels': 'labels',
  'metadata.annotations': 'annotations',
  'metadata.owner_references': 'ownerReferences',
  'metadata.finalizers': 'finalizers',
  'spec.lease_duration': 'leaseDurationMs',
  'spec.strategy': 'strategy',
  'spec.preferred_holder': 'preferredHolder',
  'spec.takeover_delay': 'takeoverDelayMs',
}

/** What a holder changes by acquiring, renewing and releasing. */
const holdersFields = ['spec.holder_identity', 'spec.acquire_time', 'spec.renew_time', 'spec.lease_transitions']

const holdersWay = 'belongs to the holder: use AcquireLease, RenewLease, ReleaseLease or RevokeLease instead'

/** Faults of one mask that are told; the same one is told once. */
const maxMaskFaults = 16

/** @throws LeaseError INVALID_REQUEST */
export function updateCommand(request: UpdateLeaseRequest__Output, limits: Limits): UpdateCommand {
  const { metadata, spec } = request.lease ?? {}
  const { namespace = '', name = '' } = metadata ?? {}
  const paths = [...new Set(request.updateMask?.paths)]
  const all = { ...changesOf(metadata ?? {}, spec ?? {}), managedFields: undefined }
  const changes = paths.length === 0 ? setFields(all) : masked(all, paths)
  refuseAny(
    asProtoPaths([
      ...nameViolations({ namespace, name }, 'lease.metadata.'),
      ...maskViolations(paths),
      ...(paths.length === 0 ? [...holderViolations(spec?.holderIdentity), ...coordinatorsFields(spec ?? {})] : []),
      ...validateChanges(changes, limits, 'lease.'),
      ...durationViolations(changes.leaseDurationMs, limits, false),
    ]),
  )
  const uid = given(metadata?.uid)
  const resourceVersion = given(metadata?.resourceVersion)
  return {
    namespace,
    name,
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    changes,
    validateOnly: request.validateOnly,
  }
}

/**
 * Decides an update: the rules that look at the stored lease come first.
 * @throws LeaseError
 */
export function update(leases: Leases, command: UpdateCommand, time: Instant): LeaseImage {
  const { changes } = command
  const stored = leases.get(command)
  const { strategy, preferredHolder, finalizers = [] } = { ...stored, ...changes }
  const isDeleting = stored.deletionTimestamp !== undefined
  refuseAny(
    asProtoPaths([
      ...validatePreferredHolder(preferredHolder, strategy, 'lease.spec.preferredHolder'),
      ...(isDeleting ? validateNoNewFinalizers(finalizers, stored.finalizers ?? [], 'lease.metadata.finalizers') : []),
    ]),
  )
  return leases.update(command, time)
}

/** The fields that the mask names; one that is not set in the lease is unset. */
function masked(all: LeaseChanges, paths: readonly string[]): LeaseChanges {
  const fields = paths.flatMap(path => (Object.hasOwn(updatable, path) ? [updatable[path]] : []))
  return Object.fromEntries(fields.map(field => [field, field && all[field]]))
}

function maskViolations(paths: readonly string[]): readonly FieldViolation[] {
  return paths
    .filter(path => !Object.hasOwn(updatable, path))
    .slice(0, maxMaskFaults)
    .map(path => {
      const way = holdersFields.includes(path)
        ? holdersWay
        : `cannot be changed; what can is ${Object.keys(updatable).join(', ')}`
      return { field: 'update_mask', description: `"${path}" ${way}` }
    })
}

function holderViolations(holderIdentity: string | undefined): readonly FieldViolation[] {
  if (holderIdentity === undefined) return []
  return [forbidden('lease.spec.holderIdentity', `${holdersWay}, or an update_mask without it`)]
}
