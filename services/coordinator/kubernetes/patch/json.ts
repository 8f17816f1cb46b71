/**
 * JSON as plain values. Fields are read and written as own properties only: what a client may name, such as
 * `constructor` or `__proto__`, is a field like any other.
 */
import { isObject, type JsonObject } from '../decoding.js'

/** A field that the object itself has. */
export const fieldOf = (object: JsonObject, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined

/** The object with one field set, or left out where the value is undefined. */
export function withField(object: JsonObject, key: string, value: unknown): JsonObject {
  if (value !== undefined) return { ...object, [key]: value }
  return Object.hasOwn(object, key)
    ? Object.fromEntries(Object.entries(object).filter(([name]) => name !== key))
    : object
}

/** Whether two values mean the same; the order of fields means nothing. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((value, i) => sameJson(value, other[i]))
  }
  if (!isObject(one) || !isObject(other)) return one === other
  const keys = Object.keys(one)
  return (
    keys.length === Object.keys(other).length &&
    keys.every(key => Object.hasOwn(other, key) && sameJson(one[key], other[key]))
  )
}

/** No Lease is nested deeper, nor has more in one place; what recurses over a value or moves its items relies on it. */
const maxDepth = 64
const maxItems = 10_000

/** What is out of bounds in a value, or undefined. It goes level by level, since a stack would not reach. */
export function outOfBounds(value: unknown): string | undefined {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return `nested deeper than ${maxDepth} levels`
    const next: unknown[] = []
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue
      const children = Object.values(item)
      if (children.length > maxItems) return `more than ${maxItems} items in one place`
      for (const child of children) next.push(child)
    }
    level = next
  }
  return undefined
}
