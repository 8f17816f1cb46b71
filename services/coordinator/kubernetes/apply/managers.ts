/** Who set which fields of a lease: the entries of `metadata.managedFields`, read, changed and written again. */
import { secondsTime } from '../../lease/kubernetes-shape.js'
import { isObject, type JsonObject } from '../decoding.js'
import { fieldOf, withField } from '../patch/json.js'
import { difference, type FieldSet, fieldSet, fieldsV1, sameFields, union } from './field-set.js'

/** The only version of a Lease that is served; entries of others are dropped, as Kubernetes does. */
export const apiVersion = 'coordination.k8s.io/v1'

/** The fields of one manager. */
export interface Managed {
  readonly manager: string
  /** A manager that applies owns what it says it wants, one that updates what it changed. */
  readonly operation: 'Apply' | 'Update'
  readonly subresource?: string
  readonly fields: FieldSet
  /** Seconds since the Unix epoch. */
  readonly seconds: number | undefined
  /** The entry as it was read, which is kept while its fields stay the same. */
  readonly entry?: JsonObject
}

/** All managers, by what tells them apart. */
export type Managers = ReadonlyMap<string, Managed>

export const managerKey = ({ manager, operation, subresource = '' }: Omit<Managed, 'fields' | 'seconds'>): string =>
  JSON.stringify([manager, operation, subresource])

/** The managers that the object names; undefined where its entries cannot be read. */
export function readManagers(object: JsonObject | undefined): Managers | undefined {
  const entries = managedFieldsOf(object)
  if (entries === undefined || entries === null) return new Map()
  if (!Array.isArray(entries)) return undefined
  const managers = new Map<string, Managed>()
  for (const entry of entries) {
    const managed = isObject(entry) ? readEntry(entry) : undefined
    if (managed === undefined) return undefined
    if (fieldOf(entry, 'apiVersion') === apiVersion) managers.set(managerKey(managed), managed)
  }
  return managers
}

export function managedFieldsOf(object: JsonObject | undefined): unknown {
  const metadata = object === undefined ? undefined : fieldOf(object, 'metadata')
  return isObject(metadata) ? fieldOf(metadata, 'managedFields') : undefined
}

function readEntry(entry: JsonObject): Managed | undefined {
  const [manager = '', subresource = ''] = [fieldOf(entry, 'manager'), fieldOf(entry, 'subresource')]
  const operation = fieldOf(entry, 'operation')
  const version = fieldOf(entry, 'apiVersion')
  const fields = fieldSet(fieldOf(entry, 'fieldsV1') ?? {})
  if (operation !== 'Apply' && operation !== 'Update') return undefined
  if (typeof version !== 'string' || version === '' || fieldOf(entry, 'fieldsType') !== 'FieldsV1') return undefined
  if (typeof manager !== 'string' || typeof subresource !== 'string' || fields === undefined) return undefined
  const time = fieldOf(entry, 'time')
  const seconds = typeof time === 'string' ? Math.floor(Date.parse(time) / 1e3) : Number.NaN
  return {
    manager,
    operation,
    ...(subresource !== '' && { subresource }),
    fields,
    seconds: Number.isNaN(seconds) ? undefined : seconds,
    entry,
  }
}

/** The managers with other fields for one of them; with none it goes. */
export function withFields(managers: Managers, managed: Managed): Managers {
  const changed = new Map(managers)
  const key = managerKey(managed)
  if (managed.fields.size === 0) changed.delete(key)
  else changed.set(key, managed)
  return changed
}

/** An entry that stays as it is where the fields do, whose time included: a renewal of a lease changes no entry. */
export function managing(
  before: Managed | undefined,
  manager: Pick<Managed, 'manager' | 'operation'>,
  fields: FieldSet,
  nowSeconds: number,
): Managed {
  if (before !== undefined && sameFields(before.fields, fields)) return before
  return { ...manager, fields, seconds: nowSeconds }
}

/** The managers other than one, each without some of its fields. */
export function taken(managers: Managers, by: string, fields: FieldSet): Managers {
  const left = new Map(managers)
  for (const [key, managed] of managers) {
    if (key === by) continue
    const kept = difference(managed.fields, fields)
    if (kept.size === 0) left.delete(key)
    else if (kept.size < managed.fields.size) left.set(key, { ...managed, fields: kept })
  }
  return left
}

const maxUpdaters = 10
const ancient = { manager: 'ancient-changes', operation: 'Update' } as const
const ancientKey = managerKey(ancient)

/** The managers, of whom at most ten update: the oldest of them become one. */
export function capped(managers: Managers): Managers {
  const updaters = [...managers]
    .filter(([, { operation }]) => operation === 'Update')
    .sort(([oneKey, one], [otherKey, other]) => time(one) - time(other) || compare(oneKey, otherKey))
  if (updaters.length <= maxUpdaters) return managers
  const left = new Map(managers)
  const oldest = updaters.slice(0, updaters.length - maxUpdaters + 1)
  for (const [key] of oldest) left.delete(key)
  const bucket: Managed = {
    ...ancient,
    fields: union([...oldest.map(([, { fields }]) => fields), left.get(ancientKey)?.fields ?? new Set()]),
    seconds: oldest.at(-1)?.[1].seconds,
  }
  return left.set(ancientKey, bucket)
}

/** The entries as a lease shows them. */
export function managedFieldsEntries(managers: Managers): JsonObject[] {
  return [...managers.values()]
    .sort(
      (one, other) =>
        compare(one.operation, other.operation) ||
        time(one) - time(other) ||
        compare(one.manager, other.manager) ||
        compare(one.subresource ?? '', other.subresource ?? ''),
    )
    .map(entryOf)
}

function entryOf({ manager, operation, subresource, fields, seconds, entry }: Managed): JsonObject {
  const before = entry === undefined ? undefined : fieldSet(fieldOf(entry, 'fieldsV1') ?? {})
  if (entry !== undefined && before !== undefined && sameFields(before, fields)) return entry
  return {
    manager,
    operation,
    apiVersion,
    ...(seconds !== undefined && { time: secondsTime(seconds) }),
    fieldsType: 'FieldsV1',
    fieldsV1: fieldsV1(fields),
    ...(subresource !== undefined && { subresource }),
  }
}

/** The object with these managers. */
export function withManagers(object: JsonObject, managers: Managers): JsonObject {
  const entries = managedFieldsEntries(managers)
  const metadata = fieldOf(object, 'metadata')
  return {
    ...object,
    metadata: withField(
      isObject(metadata) ? metadata : {},
      'managedFields',
      entries.length === 0 ? undefined : entries,
    ),
  }
}

const time = ({ seconds = 0 }: Managed): number => seconds

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
