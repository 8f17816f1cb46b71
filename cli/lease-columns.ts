import type { Lease } from '../client/lease.js'
import { formatAge } from '../clock/age.js'

/** A column of a table of leases. */
export interface Column {
  readonly title: string
  /** @param wallMicros now, microseconds since the Unix epoch. */
  cell(lease: Lease, wallMicros: number): string
}

/** Which columns a table has beside the ones it always has. */
export interface ColumnOptions {
  /** NAMESPACE, first. */
  readonly namespace: boolean
  /** What a Kubernetes lease does not have. */
  readonly wide: boolean
  /** LABELS, last. */
  readonly labels: boolean
}

/** NAME, HOLDER and AGE, as kubectl shows leases. */
export const leaseColumns = (options: ColumnOptions): Column[] =>
  around(options, [nameColumn, holderColumn, ageColumn], [{ title: 'STATE', cell: ({ state }) => state }, tokenColumn])

/** The columns of a kind of table, with what every kind has around them. */
export const around = ({ namespace, wide, labels }: ColumnOptions, always: Column[], whenWide: Column[]): Column[] => [
  ...(namespace ? [namespaceColumn] : []),
  ...always,
  ...(wide ? whenWide : []),
  ...(labels ? [labelsColumn] : []),
]

export const nameColumn: Column = { title: 'NAME', cell: ({ name }) => name }

export const holderColumn: Column = { title: 'HOLDER', cell: ({ holderIdentity }) => holderIdentity ?? '' }

export const ageColumn: Column = { title: 'AGE', cell: (lease, wallMicros) => since(lease.creationTime, wallMicros) }

/** Empty when nobody ever held the lease. */
export const tokenColumn: Column = {
  title: 'TOKEN',
  cell: ({ fencingToken }) => (fencingToken === 0 ? '' : String(fencingToken)),
}

/** How long ago a time was. */
export const since = (time: string | undefined, wallMicros: number): string =>
  time === undefined ? '<unknown>' : formatAge(wallMicros / 1_000 - Date.parse(time))

const namespaceColumn: Column = { title: 'NAMESPACE', cell: ({ namespace }) => namespace }

const labelsColumn: Column = {
  title: 'LABELS',
  cell({ labels }) {
    const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
    return pairs.length === 0 ? '<none>' : pairs.sort().join(',')
  },
}
