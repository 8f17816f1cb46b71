import { isObject, type JsonObject } from '../decoding.js'
import { badRequest, unprocessable } from '../status.js'
import { outOfBounds } from './json.js'
import { jsonPatched } from './json-patch.js'
import { mergePatched } from './merge-patch.js'
import { strategicallyPatched } from './strategic-patch.js'

export type PatchType = 'json' | 'merge' | 'strategic'

/**
 * What a lease, as Kubernetes' JSON has it, is after a patch. Neither is changed, and the result may share parts with
 * both. It need not be a Lease that may be written: that is for its reader to see.
 *
 * @throws StatusError 400 for what is no such patch, 422 for one that does not fit the object, 413 for one too long
 */
export function patched(type: PatchType, object: JsonObject, patch: unknown): JsonObject {
  if (type === 'json') return bounded(jsonPatched(object, patch))
  if (!isObject(patch)) throw badRequest('the patch is not an object')
  const excess = outOfBounds(patch)
  if (excess !== undefined) throw badRequest(`the patch has ${excess}`)
  return bounded(type === 'merge' ? mergePatched(object, patch) : strategicallyPatched(object, patch))
}

function bounded(object: JsonObject): JsonObject {
  const excess = outOfBounds(object)
  if (excess !== undefined) throw unprocessable(`the patched object has ${excess}`)
  return object
}
