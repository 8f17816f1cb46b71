/** The Kubernetes face without HTTP: what each path answers. Every handler may throw StatusError or LeaseError. */
import type { Clock } from '../../../clock/clock.js'
import type { Random } from '../../../clock/random.js'
import type { Limits } from '../lease/validation.js'
import type { Answer, AnyBody } from './answer.js'
import { patchTypeOf, readBody, readPatch } from './body.js'
import { type EmptyResource, emptyList, noSuchObject } from './core-group.js'
import { deleteOptions } from './delete-options.js'
import { parseFieldSelector } from './field-selector.js'
import { leaseAnswer, listAnswer } from './lease-answer.js'
import type { JsonObject } from './lease-object.js'
import { type KubernetesPort, type LeaseOutcome, LeaseVerbs } from './leases.js'
import { deleteCollection, listLeases } from './list.js'
import { listOptions } from './list-options.js'
import {
  createNamespace,
  deleteNamespace,
  getNamespace,
  listNamespaces,
  type WrittenNamespace,
  writeNamespace,
} from './namespaces.js'
import { encode, type Format, negotiate, partialObject, type Shape } from './negotiation.js'
import { objectTable } from './object-table.js'
import type { KubernetesRequest } from './request.js'
import { selfSubjectAccessReview, selfSubjectReview, selfSubjectRulesReview } from './reviews.js'
import { type OptionsKind, writeOptions } from './write-options.js'

export type Handler = (request: KubernetesRequest) => Promise<Answer<AnyBody>>

export interface KubernetesFaceOptions {
  readonly coordinator: KubernetesPort
  readonly clock: Clock
  readonly random: Random
  readonly limits: Limits
}

/** The verbs on leases. */
export function leaseHandlers({ coordinator, clock, limits }: KubernetesFaceOptions) {
  const verbs = new LeaseVerbs(coordinator, limits)
  const nowMs = (): number => clock.wallMicros() / 1e3
  const one =
    (verb: (request: KubernetesRequest) => Promise<LeaseOutcome>): Handler =>
    async request => {
      // An answer that nobody can read is no reason to write.
      const format = formatOf(request)
      return leaseAnswer(await verb(request), format, nowMs())
    }
  return {
    get: one(request => verbs.get(request)),
    create: one(request => verbs.create(request)),
    replace: one(request => verbs.replace(request)),
    patch: one(request => verbs.patch(request)),
    async delete(request) {
      const format = formatOf(request)
      const outcome = await verbs.delete(request)
      if ('status' in outcome) return answerIn(format, { ...outcome })
      return leaseAnswer({ code: 200, lease: outcome, warnings: [] }, format, nowMs())
    },
    async list(request) {
      const format = formatOf(request)
      return listAnswer(await listLeases(coordinator, request), format, nowMs())
    },
    async deleteCollection(request) {
      const format = formatOf(request)
      return listAnswer(await deleteCollection(coordinator, request), format, nowMs())
    },
  } satisfies Record<string, Handler>
}

/** The verbs on namespaces. */
export function namespaceHandlers({ coordinator, random }: KubernetesFaceOptions) {
  const written =
    (kind: OptionsKind, write: (request: KubernetesRequest) => Promise<WrittenNamespace>): Handler =>
    async request => {
      const format = plainFormatOf(request)
      // Nothing is stored: a dry run comes to the same.
      writeOptions(request, kind, kind === 'PatchOptions' && patchTypeOf(request.contentType) === 'apply')
      const { code, namespace, warnings } = await write(request)
      return { ...objectAnswer(format, namespace, code), warnings }
    }
  return {
    async list(request) {
      const format = plainFormatOf(request)
      const { query } = request
      const options = listOptions(query, coordinator.feed.revision)
      const { matches } = parseFieldSelector(query.get('fieldSelector') ?? '')
      const list = await listNamespaces(coordinator, {
        labelSelector: query.get('labelSelector') ?? '',
        selects: found => matches({ namespace: '', name: found }),
        ...options,
      })
      return objectAnswer(format, list)
    },
    async get(request) {
      const format = plainFormatOf(request)
      return objectAnswer(format, await getNamespace(coordinator, request.name))
    },
    create: written('CreateOptions', request =>
      createNamespace(coordinator, readBody(request.body, request.contentType).object, random),
    ),
    replace: written('UpdateOptions', request =>
      writeNamespace(coordinator, request.name, readBody(request.body, request.contentType).object, false),
    ),
    patch: written('PatchOptions', request => {
      const isApply = patchTypeOf(request.contentType) === 'apply'
      const patch = readPatch(request.body, isApply ? 'yaml' : 'json')
      return writeNamespace(coordinator, request.name, patch, isApply)
    }),
    async delete(request) {
      const format = plainFormatOf(request)
      const { isDryRun, uid } = deleteOptions(request)
      const status = await deleteNamespace(coordinator, request.name, random, {
        isDryRun,
        ...(uid !== undefined && { uid }),
      })
      return answerIn(format, { ...status })
    },
  } satisfies Record<string, Handler>
}

/** Resources of which there are no objects. */
export function emptyHandlers({ coordinator }: KubernetesFaceOptions, resource: EmptyResource) {
  return {
    async list(request) {
      const format = plainFormatOf(request)
      return objectAnswer(format, emptyList(resource, coordinator.feed.revision))
    },
    async get(request) {
      throw noSuchObject(resource, request.name)
    },
  } satisfies Record<string, Handler>
}

/** Reviews: who asks, and what that one may do. */
export const reviewHandlers = {
  whoami: (version: string) => review(() => selfSubjectReview(version)),
  access: review(selfSubjectAccessReview),
  rules: review(selfSubjectRulesReview),
}

function review(answer: (body: JsonObject) => JsonObject): Handler {
  return async request => {
    const format = plainFormatOf(request, ['object'])
    return answerIn(format, answer(readBody(request.body, request.contentType).object), 201)
  }
}

/** Of leases, which there are in every form. */
const formatOf = ({ accept, query, userAgent }: KubernetesRequest): Format => negotiate(accept, { query, userAgent })

/** Of what there is no protobuf for. */
const plainFormatOf = (
  { accept, query, userAgent }: KubernetesRequest,
  shapes: readonly Shape[] = ['object', 'table', 'partial'],
): Format => negotiate(accept, { query, userAgent, shapes, encodings: ['json', 'yaml'] })

/** An object, or a list, that is no lease. */
function objectAnswer(format: Format, object: JsonObject, code = 200): Answer<AnyBody> {
  const { shape, version, includeObject } = format
  if (shape === 'table') return answerIn(format, objectTable(object, includeObject), code)
  return answerIn(format, shape === 'partial' ? partialObject(object, version) : object, code)
}

const answerIn = (format: Format, object: JsonObject, code = 200): Answer<AnyBody> => ({
  code,
  contentType: format.contentType,
  body: encode(format, object),
})
