import { applyPatch, type Operation, Pointer } from 'rfc6902'
import { isObject, type JsonObject } from '../decoding.js'
import { badRequest, StatusError, unprocessable } from '../status.js'
import { fieldOf, outOfBounds, sameJson } from './json.js'

const maxOperations = 10_000

/** How many characters copies and moves may carry, and fields be tested: what is doubled again and again soon gets there. */
const maxCarried = 3 * 1024 * 1024

/**
 * The object after a JSON patch; all of its operations are done, or none is.
 * @see RFC 6902
 */
export function jsonPatched(object: JsonObject, patch: unknown): JsonObject {
  const document = renamed(object, guarded)
  let carried = 0
  for (const operation of readOperations(patch)) {
    const { op, path } = operation
    const source = 'from' in operation ? operation.from : path
    const before = valueAt(document, source)
    if (before === undefined && !['add', 'replace', 'test'].includes(op)) throw refused(operation, 'nothing is there')
    carried += costOf(op, before)
    if (carried > maxCarried) throw refused(operation, 'the patch moves too much about')
    if (op === 'test') {
      // Kubernetes finds null where an object lacks a field. The library compares lists in quadratic time.
      const found = before === undefined && isObject(parentOf(document, path)) ? null : before
      if (!sameJson(found, operation.value)) throw refused(operation, 'another value is there')
      continue
    }
    const excess = 'from' in operation ? outOfBounds(before) : undefined
    if (excess !== undefined) throw refused(operation, excess)
    if (op !== 'remove' && !hasRoom(document, operation)) throw refused(operation, 'nothing can be there')
    // Kubernetes replaces fields that are not there.
    const done: Operation = op === 'replace' && before === undefined ? { ...operation, op: 'add' } : operation
    if (applyPatch(document, [done])[0] !== null) throw refused(operation, 'nothing can be there')
  }
  // The whole document is never replaced.
  return renamed(document, unguarded) as JsonObject
}

function costOf(op: Operation['op'], value: unknown): number {
  if (op === 'copy' || op === 'move') return JSON.stringify(value).length
  return op === 'test' && isObject(value) ? Object.keys(value).length : 0
}

/** Whether something can be put there: into an object, or into a list, where what is new may be behind its end. */
function hasRoom(document: unknown, { op, path }: Operation): boolean {
  const parent = parentOf(document, path)
  if (!Array.isArray(parent)) return isObject(parent)
  const token = path.slice(path.lastIndexOf('/') + 1)
  if (op === 'replace') return isIndex(token) && Number(token) < parent.length
  return token === '-' || (isIndex(token) && Number(token) <= parent.length)
}

/** What a guarded pointer would put something into; undefined for the whole document. */
const parentOf = (document: unknown, pointer: string): unknown =>
  pointer === '' ? undefined : valueAt(document, pointer.slice(0, pointer.lastIndexOf('/')))

const isIndex = (token: string): boolean => /^(?:0|[1-9]\d*)$/.test(token)

/** No pointer into a Lease has more tokens; it keeps what moves put together from growing deep. */
const maxTokens = 64

const kinds: readonly string[] = ['add', 'remove', 'replace', 'move', 'copy', 'test'] satisfies Operation['op'][]

/** Operations on a document with guarded names. */
function readOperations(patch: unknown): readonly Operation[] {
  if (!Array.isArray(patch)) throw badRequest('the JSON patch is not a list of operations')
  if (patch.length > maxOperations) throw tooManyOperations(patch.length)
  return patch.map(readOperation)
}

function readOperation(operation: unknown, i: number): Operation {
  const malformed = (why: string) => badRequest(`operation ${i} of the JSON patch ${why}`)
  if (!isObject(operation)) throw malformed('is not an object')
  const op = fieldOf(operation, 'op')
  if (!isKind(op)) throw malformed('is of no known kind')
  const pointer = (name: 'path' | 'from'): string => {
    const text = fieldOf(operation, name)
    if (typeof text !== 'string' || !/^(?:\/|$)/.test(text)) throw malformed(`has no valid ${name}`)
    if (text.split('/').length > maxTokens) throw malformed(`has a ${name} that is too deep`)
    return guardedPointer(text)
  }
  const path = pointer('path')
  if (op === 'remove') return { op, path }
  if (op === 'move' || op === 'copy') return { op, path, from: pointer('from') }
  const value = fieldOf(operation, 'value')
  if (value === undefined) throw malformed('has no value')
  const excess = outOfBounds(value)
  if (excess !== undefined) throw malformed(`has ${excess}`)
  return { op, path, value: renamed(value, guarded) }
}

const isKind = (op: unknown): op is Operation['op'] => typeof op === 'string' && kinds.includes(op)

/**
 * The library reads a document's fields through the prototype, and passes over some names. Names that cannot be an
 * index of a list therefore carry a mark, in the document, in values and in pointers, that nothing inherited has.
 */
const isIndexLike = (name: string): boolean => /^(?:-|\d+)$/.test(name)
const guarded = (name: string): string => (isIndexLike(name) ? name : `$${name}`)
const unguarded = (name: string): string => (isIndexLike(name) ? name : name.slice(1))

const guardedPointer = (pointer: string): string =>
  pointer
    .split('/')
    .map((token, i) => (i === 0 ? token : guarded(token)))
    .join('/')

/** A copy with other names. */
function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map(item => renamed(item, rename))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [rename(name), renamed(child, rename)]))
}

/** What a guarded pointer points at; undefined where nothing is, which in a list is anything but an index. */
function valueAt(document: unknown, pointer: string): unknown {
  return Pointer.fromJSON(pointer)
    .tokens.slice(1)
    .reduce<unknown>((value, token) => {
      if (Array.isArray(value)) return isIndex(token) ? value[Number(token)] : undefined
      return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined
    }, document)
}

function refused({ op, path }: Operation, why: string): StatusError {
  const { status } = unprocessable('the server rejected our request due to an error in our request')
  const field = path
    .split('/')
    .map((token, i) => (i === 0 ? token : unguarded(token)))
    .join('/')
  const cause = { reason: 'FieldValueInvalid', message: `${op} of the JSON patch: ${why}`, field }
  return new StatusError({ ...status, details: { causes: [cause] } })
}

function tooManyOperations(count: number): StatusError {
  const limit = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${count}`
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `Request entity too large: ${limit}`,
    reason: 'RequestEntityTooLarge',
    code: 413,
  })
}
