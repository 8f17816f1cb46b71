import type { Coordinator } from '../coordinator.js'
import type { CoordinatorPort } from '../coordinator-port.js'
import type { DeleteCommand, LeaseName } from '../lease/commands.js'
import { invalid } from '../lease/field-errors.js'
import type { LeaseImage } from '../lease/lease.js'
import type { Limits } from '../lease/validation.js'
import { findLease } from '../reads/lease-slices.js'
import { applied } from './apply/applied.js'
import { patchTypeOf, readBody, readPatch } from './body.js'
import { deleteOptions } from './delete-options.js'
import { type JsonObject, leaseObject, type ReadLease, readLease } from './lease-object.js'
import { createLease, otherUid, type Turn, versionMissing, writeLease } from './lease-write.js'
import { versionOf } from './list-options.js'
import { patched } from './patch/patched.js'
import type { KubernetesRequest } from './request.js'
import {
  badRequest,
  conflict,
  deleted,
  invalidObject,
  notFound,
  type Status,
  StatusError,
  tooLargeResourceVersion,
  versionInCreate,
} from './status.js'
import { type WriteOptions, writeOptions } from './write-options.js'

/** What the face needs of the coordinator. */
export type KubernetesPort = CoordinatorPort & Pick<Coordinator, 'checkStorage'>

/** A lease as the answer to a request about it. */
export interface LeaseOutcome {
  readonly code: 200 | 201
  readonly lease: LeaseImage
  readonly warnings: readonly string[]
}

/**
 * The verbs of Kubernetes' Lease API on one lease. A write is decided together with what is stored in one turn of the
 * coordinator: nothing comes in between, and a patch never has to be tried again.
 *
 * Every method may throw StatusError or LeaseError.
 */
export class LeaseVerbs {
  readonly #coordinator: KubernetesPort
  readonly #limits: Limits

  constructor(coordinator: KubernetesPort, limits: Limits) {
    this.#coordinator = coordinator
    this.#limits = limits
  }

  async get(request: KubernetesRequest): Promise<LeaseOutcome> {
    const version = versionOf(request.query.get('resourceVersion') ?? '')
    const lease = await this.#coordinator.execute('read', leases => {
      if (version > leases.revision) throw tooLargeResourceVersion(version, leases.revision)
      return leases.get(request)
    })
    return { code: 200, lease, warnings: [] }
  }

  /** POST to a collection. */
  async create(request: KubernetesRequest): Promise<LeaseOutcome> {
    const options = writeOptions(request, 'CreateOptions')
    const read = readLeaseOf(request, options)
    const { name = '', resourceVersion } = read.metadata
    checkNamespace(read, request)
    if (resourceVersion !== undefined) throw versionInCreate()
    const lease = await this.#coordinator.execute('write', (leases, time) => {
      const turn = { leases, time, limits: this.#limits, options }
      return createLease(turn, { namespace: request.namespace, name }, { read, isApplied: false })
    })
    return { code: 201, lease, warnings: read.warnings }
  }

  /** PUT: a lease that is not there is created. */
  async replace(request: KubernetesRequest): Promise<LeaseOutcome> {
    const options = writeOptions(request, 'UpdateOptions')
    const read = readLeaseOf(request, options)
    checkNamespace(read, request)
    checkName(read, request)
    return this.#turn(options, turn => {
      const { uid, resourceVersion } = read.metadata
      const before = findLease(turn.leases, request)
      if (before === undefined && uid !== undefined) throw otherUid(request, uid, '')
      if (before !== undefined && resourceVersion === undefined) throw versionMissing(request.name)
      return this.#put(turn, request, before, { read, isApplied: false })
    })
  }

  async patch(request: KubernetesRequest): Promise<LeaseOutcome> {
    const type = patchTypeOf(request.contentType)
    const options = writeOptions(request, 'PatchOptions', type === 'apply')
    const patch = readPatch(request.body, type === 'apply' ? 'yaml' : 'json')
    return this.#turn(options, turn => {
      const before = findLease(turn.leases, request)
      if (before === undefined && type !== 'apply') throw notFound(request.name)
      const live = before && leaseObject(before)
      const object = type === 'apply' ? apply(live, patch, request, turn) : patched(type, live ?? {}, patch)
      const read = readPatched(object, patch, options)
      checkNamespace(read, request)
      checkName(read, request)
      return this.#put(turn, request, before, { read, isApplied: type === 'apply' })
    })
  }

  /** Answers a Status, or the lease where finalizers hold its end up. */
  async delete(request: KubernetesRequest): Promise<LeaseImage | Status> {
    const { isDryRun, uid, resourceVersion } = deleteOptions(request)
    return this.#coordinator.execute('keep', (leases, time) => {
      const before = leases.get(request)
      checkDeletion(before, uid, resourceVersion)
      const command: DeleteCommand = { namespace: request.namespace, name: request.name, validateOnly: isDryRun }
      const lease = leases.delete(command, time)
      return lease.deletionTimestamp === undefined ? deleted(lease.name, lease.uid) : lease
    })
  }

  #turn(options: WriteOptions, decide: (turn: Turn) => LeaseOutcome): Promise<LeaseOutcome> {
    return this.#coordinator.execute('keep', (leases, time) => decide({ leases, time, limits: this.#limits, options }))
  }

  #put(
    turn: Turn,
    name: LeaseName,
    before: LeaseImage | undefined,
    wanted: { read: ReadLease; isApplied: boolean },
  ): LeaseOutcome {
    const { warnings, lease } = wanted.read
    // With little space left only what keeps or ends a tenancy goes on.
    const keeps = before?.state === 'held' && ['', before.holderIdentity].includes(lease.holderIdentity ?? '')
    if (!keeps) this.#coordinator.checkStorage()
    return before === undefined
      ? { code: 201, lease: createLease(turn, name, wanted), warnings }
      : { code: 200, lease: writeLease(turn, before, wanted), warnings }
  }
}

function readLeaseOf(request: KubernetesRequest, { validation }: WriteOptions): ReadLease {
  const { object, duplicates } = readBody(request.body, request.contentType)
  return readLease(object, validation, duplicates)
}

/** What a strict reader finds in a patched object is the patch's fault, and another code than of a whole object. */
function readPatched(object: JsonObject, patch: unknown, { validation }: WriteOptions): ReadLease {
  try {
    return readLease(object, validation)
  } catch (error) {
    const strict = error instanceof StatusError ? /strict decoding error: .*/s.exec(error.message)?.[0] : undefined
    if (strict === undefined) throw error
    throw invalidObject({ group: '', kind: '', name: '' }, [invalid('patch', JSON.stringify(patch), strict)])
  }
}

/** @throws StatusError 400, 409 */
function apply(live: JsonObject | undefined, patch: unknown, request: KubernetesRequest, turn: Turn): JsonObject {
  const { manager, force, validation } = turn.options
  // The reader says what is wrong with the object itself.
  const read = readLease(patch, validation)
  checkNamespace(read, request)
  checkName(read, request)
  const { uid, resourceVersion } = read.metadata
  const object = applied(live, patch as JsonObject, {
    manager,
    force,
    nowSeconds: Math.floor(turn.time.wallMicros / 1e6),
  })
  if (live === undefined && uid !== undefined) throw otherUid(request, uid, '')
  if (live === undefined && resourceVersion !== undefined) throw notFound(request.name)
  return object
}

/** @throws StatusError 400 */
function checkNamespace({ metadata: { namespace } }: ReadLease, request: LeaseName): void {
  if (namespace === undefined || namespace === request.namespace) return
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}

/** @throws StatusError 400 */
function checkName({ metadata: { name } }: ReadLease, request: LeaseName): void {
  if (name === request.name) return
  if (name === undefined) throw badRequest('the name of the object must be provided: metadata.name is empty')
  throw badRequest(`the name of the object (${name}) does not match the name on the URL (${request.name})`)
}

/** @throws StatusError 409 */
function checkDeletion(before: LeaseImage, uid: string | undefined, resourceVersion: string | undefined): void {
  const mismatch = (what: string, wanted: string, present: string, rest: string): StatusError =>
    conflict(
      before.name,
      `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${present}). ${rest}`,
    )
  if (uid !== undefined && uid !== before.uid) {
    throw mismatch('UID', uid, before.uid, 'The object might have been deleted and then recreated')
  }
  if (resourceVersion !== undefined && resourceVersion !== String(before.revision)) {
    throw mismatch('ResourceVersion', resourceVersion, String(before.revision), 'The object might have been modified')
  }
}
