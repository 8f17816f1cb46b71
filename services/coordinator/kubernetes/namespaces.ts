/**
 * Namespaces as objects. There is nothing behind them but the leases in them: a namespace is there while it has one, and
 * four always are, as in every cluster. They have no labels of their own and no age.
 */
import { createHash } from 'node:crypto'
import { type Random, uuid } from '../../../clock/random.js'
import type { Coordinator } from '../coordinator.js'
import type { FieldViolation } from '../lease/errors.js'
import { invalid, required } from '../lease/field-errors.js'
import { labelFaults } from '../lease/name-rules.js'
import { isObject, type JsonObject } from './decoding.js'
import { deleteLeases } from './delete-leases.js'
import { readLabelSelector } from './label-selector.js'
import {
  alreadyExists,
  badRequest,
  conflict,
  deleted,
  forbiddenRequest,
  invalidObject,
  namespaceResource,
  notFound,
  type Status,
} from './status.js'

/** What is needed of the coordinator. */
export type NamespacesPort = Pick<Coordinator, 'execute' | 'journalId'>

/** A namespace that was written. */
export interface WrittenNamespace {
  /** The status code of HTTP. */
  readonly code: 200 | 201
  readonly namespace: JsonObject
  /** What was asked for and is not kept. */
  readonly warnings: readonly string[]
}

const undeletable: readonly string[] = ['default', 'kube-public', 'kube-system']

/** The namespaces that are there without a lease, in order. */
export const systemNamespaces: readonly string[] = ['default', 'kube-node-lease', 'kube-public', 'kube-system']

/** How many names are asked for in one turn of the coordinator. */
const namesPerStep = 1_000

/** Which namespaces are listed. */
export interface NamespaceQuery {
  readonly labelSelector?: string
  /** Whether a namespace's name is selected by fields. */
  readonly selects?: (name: string) => boolean
  /** 0 for all. */
  readonly limit?: number
  /** Where the page before ended; '' for the first. */
  readonly continue?: string
}

/**
 * A NamespaceList of those in use and those that always are.
 * @throws StatusError 400 for a token or a selector that is none
 */
export async function listNamespaces(coordinator: NamespacesPort, query: NamespaceQuery = {}): Promise<JsonObject> {
  const { labelSelector = '', selects = () => true, limit = 0, continue: token = '' } = query
  const matches = readLabelSelector(labelSelector)
  const names: string[] = []
  let [after, isLast, revision] = [readToken(token), false, 0]
  while (!isLast && (limit === 0 || names.length < limit)) {
    const wanted = limit === 0 ? namesPerStep : Math.min(namesPerStep, limit - names.length)
    const step = await coordinator.execute('read', leases => ({
      used: leases.namespaces(after, wanted),
      revision: leases.revision,
    }))
    revision ||= step.revision
    const there = new Set([...step.used, ...systemNamespaces.filter(name => name > after)])
    // Beyond so many there may be some that were not told.
    const found = [...there].sort().slice(0, wanted)
    isLast = step.used.length < wanted && found.length === there.size
    names.push(...found.filter(name => selects(name) && matches(labelsOf(name))))
    after = found.at(-1) ?? after
  }
  return {
    kind: 'NamespaceList',
    apiVersion: 'v1',
    metadata: { resourceVersion: String(revision), ...(!isLast && { continue: tokenOf(after) }) },
    items: names.map(name => namespaceObject(coordinator, name)),
  }
}

/** @throws StatusError 404 */
export async function getNamespace(coordinator: NamespacesPort, name: string): Promise<JsonObject> {
  if (!(await isThere(coordinator, name))) throw notFound(name, namespaceResource)
  return namespaceObject(coordinator, name)
}

/**
 * Nothing is stored: the answer is that of a server that keeps namespaces, so that whoever makes one first can go on.
 * @param body a Namespace in its JSON form.
 * @throws StatusError 400, 409, 422
 */
export async function createNamespace(
  coordinator: NamespacesPort,
  body: JsonObject,
  random: Random,
): Promise<WrittenNamespace> {
  const metadata = metadataOf(body)
  const { name: given = '', generateName = '' } = metadata
  if (typeof given !== 'string' || typeof generateName !== 'string') {
    throw badRequest('metadata.name and metadata.generateName of a Namespace are strings')
  }
  const name = given || (generateName && `${generateName}${uuid(random).slice(0, 5)}`)
  const violations = nameViolations(name)
  if (violations.length > 0) throw invalidObject({ ...namespaceResource, name }, violations)
  if (await isThere(coordinator, name)) throw alreadyExists(name, namespaceResource)
  return { code: 201, namespace: namespaceObject(coordinator, name), warnings: warningsOf(name, metadata) }
}

/**
 * What a replace, a patch or an apply leaves: the namespace as it is.
 *
 * @param body what was sent: a Namespace, or a patch.
 * @param isCreating whether a namespace that is not there is made by it, as by an apply.
 * @throws StatusError 404, 422
 */
export async function writeNamespace(
  coordinator: NamespacesPort,
  name: string,
  body: unknown,
  isCreating: boolean,
): Promise<WrittenNamespace> {
  const isNew = !(await isThere(coordinator, name))
  if (isNew && !isCreating) throw notFound(name, namespaceResource)
  const violations = nameViolations(name)
  if (violations.length > 0) throw invalidObject({ ...namespaceResource, name }, violations)
  const code = isNew ? 201 : 200
  return { code, namespace: namespaceObject(coordinator, name), warnings: warningsOf(name, metadataOf(body)) }
}

/** How a namespace is deleted. */
export interface NamespaceDeletion {
  readonly isDryRun?: boolean
  /** The uid that it must have, where given. */
  readonly uid?: string
}

/**
 * Deletes every lease of a namespace, after which it is not there any more; it is again with its next lease.
 *
 * @returns a Status whose message says what was deleted.
 * @throws StatusError 403, 404, 409; LeaseError when a lease cannot be deleted now
 */
export async function deleteNamespace(
  coordinator: NamespacesPort,
  name: string,
  random: Random,
  { isDryRun = false, uid }: NamespaceDeletion = {},
): Promise<Status> {
  if (undeletable.includes(name)) {
    throw forbiddenRequest(name, 'this namespace may not be deleted', namespaceResource)
  }
  if (!(await isThere(coordinator, name))) throw notFound(name, namespaceResource)
  const present = uidOf(coordinator, name)
  if (uid !== undefined && uid !== present) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${present})`
    throw conflict(name, `${why}. The object might have been deleted and then recreated`, namespaceResource)
  }
  let [gone, marked] = [0, 0]
  const selection = { namespace: name, matches: () => true, validateOnly: isDryRun }
  for await (const leases of deleteLeases(coordinator, selection)) {
    const held = leases.filter(lease => lease.deletionTimestamp !== undefined).length
    marked += held
    gone += leases.length - held
  }
  // One that is always there is so again at once, as another: who waits for its end need not wait for ever.
  const deletedUid = systemNamespaces.includes(name) ? uuid(random) : present
  return { ...deleted(name, deletedUid, namespaceResource), message: messageOf(name, gone, marked) }
}

function messageOf(name: string, gone: number, marked: number): string {
  const rest = marked === 0 ? '' : `, and ${marked} will be when their finalizers are done`
  return `${gone} ${gone === 1 ? 'lease' : 'leases'} of namespace ${name} deleted${rest}`
}

async function isThere(coordinator: NamespacesPort, name: string): Promise<boolean> {
  if (systemNamespaces.includes(name)) return true
  if (labelFaults(name).length > 0) return false
  const query = { namespace: name, matches: () => true, limit: 1 }
  return (await coordinator.execute('read', leases => leases.list(query))).leases.length > 0
}

const labelsOf = (name: string) => ({ 'kubernetes.io/metadata.name': name })

function namespaceObject(coordinator: NamespacesPort, name: string): JsonObject {
  return {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name, uid: uidOf(coordinator, name), labels: labelsOf(name) },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }
}

/** A name-based UUID: the same for a namespace of this journal whenever it is asked for. */
function uidOf({ journalId }: NamespacesPort, name: string): string {
  const digest = createHash('sha256').update(`${journalId}/${name}`).digest()
  return uuid({ bytes: size => digest.subarray(0, size), fraction: () => 0 })
}

const nameViolations = (name: string): readonly FieldViolation[] =>
  name === ''
    ? [required('metadata.name', 'name or generateName is required')]
    : labelFaults(name).map(fault => invalid('metadata.name', name, fault))

function metadataOf(body: unknown): JsonObject {
  const metadata = isObject(body) ? body.metadata : undefined
  return isObject(metadata) ? metadata : {}
}

/** What tools write on everything they touch, and nobody misses. */
const unremarkable: ReadonlySet<string> = new Set([
  'kubernetes.io/metadata.name',
  'kubectl.kubernetes.io/last-applied-configuration',
])

function warningsOf(name: string, metadata: JsonObject): readonly string[] {
  const lost = ['labels', 'annotations', 'finalizers', 'ownerReferences'].filter(field => {
    const value = metadata[field]
    if (Array.isArray(value)) return value.length > 0
    return isObject(value) && Object.keys(value).some(key => !unremarkable.has(key))
  })
  if (lost.length === 0) return []
  return [
    `namespace ${name} is there while it has leases, and keeps nothing itself: its ${lost.join(' and ')} are lost`,
  ]
}

const tokenOf = (name: string): string => Buffer.from(name).toString('base64url')

function readToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString()
  if (token !== '' && (labelFaults(name).length > 0 || tokenOf(name) !== token)) {
    throw badRequest('continue key is not valid: it is of another list')
  }
  return name
}
