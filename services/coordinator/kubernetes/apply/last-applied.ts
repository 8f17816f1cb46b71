/**
 * `kubectl apply` without `--server-side` keeps what it applied in an annotation. When kubectl turns to server-side apply,
 * the fields that are still as it applied them are its own, and the annotation is kept up, so that it can turn back.
 */
import { isObject, type JsonObject } from '../decoding.js'
import { fieldOf, withField } from '../patch/json.js'
import { difference, type FieldSet, union } from './field-set.js'
import { changes, checkFields, setFields } from './lease-fields.js'
import { apiVersion } from './managers.js'

/** The only manager that is known to use the annotation. */
export const kubectl = 'kubectl'

const annotation = 'kubectl.kubernetes.io/last-applied-configuration'

const maxAnnotationsBytes = 256 * 1024

/** The fields that the annotation says, and that still are so; undefined without one. */
export function lastAppliedFields(live: JsonObject): FieldSet | undefined {
  const text = fieldOf(annotationsOf(live), annotation)
  if (typeof text !== 'string' || text === '') return undefined
  const lastApplied = parsed(text)
  if (lastApplied === undefined || fieldOf(lastApplied, 'apiVersion') !== apiVersion) return undefined
  const { added, modified, removed } = changes(lastApplied, live)
  return difference(setFields(lastApplied), union([added, modified, removed]))
}

function parsed(text: string): JsonObject | undefined {
  try {
    const object: unknown = JSON.parse(text)
    if (!isObject(object)) return undefined
    checkFields(object)
    return object
  } catch {
    return undefined
  }
}

/** The object with what is applied now in the annotation, if it has one and there is room. */
export function withLastApplied(object: JsonObject, wanted: JsonObject): JsonObject {
  const annotations = annotationsOf(object)
  if (typeof fieldOf(annotations, annotation) !== 'string') return object
  const text = `${goJson(withAnnotations(wanted, withField(annotationsOf(wanted), annotation, undefined)))}\n`
  const changed = withField(annotations, annotation, text)
  const bytes = Object.entries(changed).reduce((sum, [key, value]) => sum + Buffer.byteLength(`${key}${value}`), 0)
  return withAnnotations(object, bytes <= maxAnnotationsBytes ? changed : withField(annotations, annotation, undefined))
}

function annotationsOf(object: JsonObject): JsonObject {
  const metadata = fieldOf(object, 'metadata')
  const annotations = isObject(metadata) ? fieldOf(metadata, 'annotations') : undefined
  return isObject(annotations) ? annotations : {}
}

/** The object with these annotations, where it has any. */
function withAnnotations(object: JsonObject, annotations: JsonObject): JsonObject {
  const metadata = fieldOf(object, 'metadata')
  if (!isObject(metadata) || !isObject(fieldOf(metadata, 'annotations'))) return object
  return { ...object, metadata: { ...metadata, annotations } }
}

/** JSON as kubectl writes it, and compares it: sorted, and safe inside HTML. */
const goJson = (value: unknown): string =>
  JSON.stringify(sorted(value)).replace(
    /[<>&\u2028\u2029]/g,
    c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([key, child]) => [key, sorted(child)]))
}
