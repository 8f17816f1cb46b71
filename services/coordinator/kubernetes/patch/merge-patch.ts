import { isObject, type JsonObject } from '../decoding.js'
import { fieldOf } from './json.js'

/**
 * The object after a merge patch: a null takes a field away, an object goes on inside, anything else takes the place.
 * @see RFC 7386
 */
export function mergePatched(object: JsonObject, patch: JsonObject): JsonObject {
  const fields = new Map(Object.entries(object))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) fields.delete(key)
    else if (!isObject(value)) fields.set(key, value)
    else {
      const before = fieldOf(object, key)
      fields.set(key, mergePatched(isObject(before) ? before : {}, value))
    }
  }
  return Object.fromEntries(fields)
}
