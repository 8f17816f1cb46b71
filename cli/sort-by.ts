import type { Lease } from '../client/lease.js'
import type { Path } from './jsonpath/path.js'
import { select } from './jsonpath/select.js'
import { leaseObject } from './kubernetes-object.js'

/**
 * Leases in the order of what a path comes to in their Kubernetes shape: numbers by size, text with the numbers in it by
 * size too; those without such a value come first.
 *
 * @throws Error when no lease has a value there.
 */
export function sortBy(leases: readonly Lease[], path: Path): Lease[] {
  const keyed = leases.map(lease => ({ lease, key: select(path, leaseObject(lease))[0] }))
  if (keyed.length > 0 && keyed.every(({ key }) => key === undefined)) {
    throw new Error('no lease has a value to sort by there: name another path, as in --sort-by .metadata.name')
  }
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ lease }) => lease)
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return compareText(textOf(a), textOf(b))
}

const textOf = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)

/** `node-9` before `node-10`. */
function compareText(a: string, b: string): number {
  const [left, right] = [a, b].map(text => text.split(/(\d+)/))
  for (const [index, part] of (left ?? []).entries()) {
    const other = right?.[index]
    if (other === undefined) return 1
    // Every second part is a number.
    const difference = index % 2 === 1 ? Number(part) - Number(other) : 0
    if (difference !== 0) return difference
    if (part !== other) return part < other ? -1 : 1
  }
  return a.length - b.length
}
