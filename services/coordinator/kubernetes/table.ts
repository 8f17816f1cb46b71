/** Leases as a Table: what kubectl prints, as it comes. */
import { formatAge } from '../../../clock/age.js'
import type { LeaseImage } from '../lease/lease.js'
import { type JsonObject, leaseMetadata, leaseObject } from './lease-object.js'
import { type IncludeObject, partialObject } from './negotiation.js'

export interface TableOptions {
  readonly includeObject: IncludeObject
  /** Milliseconds since the Unix epoch: for ages. */
  readonly nowMs: number
  /** Whether it says what its columns are, as it does when absent; of a watch's tables only the first one does. */
  readonly withColumns?: boolean
  /** Of meta.k8s.io; v1 when absent. */
  readonly version?: 'v1' | 'v1beta1'
}

/**
 * @param metadata of the list, which has its resourceVersion; {} for a lease alone.
 * @see Kubernetes meta/v1 Table
 */
export function leaseTable(
  images: readonly LeaseImage[],
  metadata: JsonObject,
  { includeObject, nowMs, withColumns = true, version = 'v1' }: TableOptions,
): JsonObject {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: withColumns ? columns.map(({ cell, ...definition }) => definition) : [],
    rows: images.map(image => ({
      cells: columns.map(({ cell }) => cell(image, nowMs)),
      ...(includeObject !== 'None' && { object: rowObject(image, includeObject, version) }),
    })),
  }
}

/** The rows go by it: kubectl shows nothing right where an object does not say what it is. */
function rowObject(image: LeaseImage, includeObject: IncludeObject, version: 'v1' | 'v1beta1'): JsonObject {
  if (includeObject === 'Object') return leaseObject(image)
  return partialObject({ metadata: leaseMetadata(image) }, version)
}

interface Column {
  readonly name: string
  readonly type: 'string'
  /** `name` marks the column before which kubectl writes the kind. */
  readonly format: 'name' | ''
  readonly description: string
  /** 1: only shown when more is asked for, as with -o wide. */
  readonly priority: 0 | 1
  readonly cell: (lease: LeaseImage, nowMs: number) => string
}

const column = (name: string, priority: 0 | 1, description: string, cell: Column['cell']): Column => ({
  name,
  type: 'string',
  format: name === 'Name' ? 'name' : '',
  description,
  priority,
  cell,
})

const columns: readonly Column[] = [
  column('Name', 0, 'What the lease is called in its namespace.', ({ name }) => name),
  column('Holder', 0, 'Who holds the lease, or held it last.', ({ holderIdentity = '' }) => holderIdentity),
  column('Age', 0, 'How long ago the lease was made.', ({ creationTimestamp }, nowMs) =>
    since(creationTimestamp * 1e3, nowMs),
  ),
  column('State', 1, 'unheld, held, expired or released, as the coordinator decided it.', ({ state }) => state),
  column('Token', 1, 'The fencing token of the present or last holder; grows for ever.', ({ fencingToken }) =>
    fencingToken === 0 ? '' : String(fencingToken),
  ),
  column('Renewed', 1, 'How long ago the holder last renewed, by the time it wrote.', ({ renewTime }, nowMs) =>
    since(renewTime === undefined ? undefined : Number(renewTime) / 1e3, nowMs),
  ),
]

const since = (timeMs: number | undefined, nowMs: number): string =>
  timeMs === undefined ? '<unknown>' : formatAge(nowMs - timeMs)
