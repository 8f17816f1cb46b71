/**
 * What clients ask about themselves. Over plain HTTP nobody says who they are, and everybody may do everything that is
 * served; what is not served nobody may do.
 * @see Kubernetes authentication.k8s.io and authorization.k8s.io
 */
import { isObject, type JsonObject } from './decoding.js'
import { type GroupVersion, type ServedResource, servedVersions } from './served-resources.js'
import { invalidObject, type ResourceName } from './status.js'

/** Who everybody is. */
const anonymous = { username: 'system:anonymous', groups: ['system:unauthenticated'] } as const

/** Who asks? `version` is that of the request's path. */
export const selfSubjectReview = (version: string): JsonObject => ({
  kind: 'SelfSubjectReview',
  apiVersion: `authentication.k8s.io/${version}`,
  metadata: {},
  status: { userInfo: anonymous },
})

/**
 * May whoever asks do that?
 * @param review a SelfSubjectAccessReview in its JSON form.
 * @throws StatusError 422 when it asks about nothing, or about two things.
 */
export function selfSubjectAccessReview(review: JsonObject): JsonObject {
  const spec = objectAt(review, 'spec') ?? {}
  const resource = objectAt(spec, 'resourceAttributes')
  const path = objectAt(spec, 'nonResourceAttributes')
  if ((resource === undefined) === (path === undefined)) {
    const description = 'Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified'
    throw invalidObject({ ...accessReview, name: '' }, [{ field: 'spec.resourceAttributes', description }])
  }
  const isAllowed = resource === undefined ? mayAskPath(path ?? {}) : mayDo(resource)
  const reason = isAllowed ? 'everybody may do what is served here' : 'this is not served here'
  return {
    kind: accessReview.kind,
    apiVersion: `${accessReview.group}/v1`,
    metadata: {},
    spec,
    status: { allowed: isAllowed, reason },
  }
}

const accessReview: ResourceName = {
  group: 'authorization.k8s.io',
  resource: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
}

/**
 * What may whoever asks do?
 * @param review a SelfSubjectRulesReview in its JSON form.
 */
export const selfSubjectRulesReview = (review: JsonObject): JsonObject => ({
  kind: 'SelfSubjectRulesReview',
  apiVersion: 'authorization.k8s.io/v1',
  metadata: {},
  spec: objectAt(review, 'spec') ?? {},
  status: {
    resourceRules: served().map(([{ group }, { resource, verbs }]) => ({
      verbs,
      apiGroups: [group],
      resources: [resource],
    })),
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: openPaths }],
    incomplete: false,
  },
})

/** The paths that have no objects; a star is for whatever follows. */
const openPaths: readonly string[] = [
  '/',
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/metrics',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
]

/** Every resource once, with the first version that has it. */
function served(): readonly (readonly [GroupVersion, ServedResource])[] {
  const byName = new Map<string, readonly [GroupVersion, ServedResource]>()
  for (const version of servedVersions) {
    for (const resource of version.resources) {
      const name = `${resource.resource}.${version.group}`
      if (!byName.has(name)) byName.set(name, [version, resource])
    }
  }
  return [...byName.values()]
}

/** A star asks whether anything of what is served is kept from whoever asks: nothing is. */
function mayDo(attributes: JsonObject): boolean {
  const wanted = (key: string): string => textAt(attributes, key)
  if (wanted('subresource') !== '') return false
  return served().some(
    ([{ group }, { resource, verbs }]) =>
      ['*', group].includes(wanted('group')) &&
      ['*', resource].includes(wanted('resource')) &&
      ['*', ...verbs].includes(wanted('verb')),
  )
}

function mayAskPath(attributes: JsonObject): boolean {
  const path = textAt(attributes, 'path')
  if (!['get', '*'].includes(textAt(attributes, 'verb'))) return false
  return (
    path === '*' || openPaths.some(open => (open.endsWith('/*') ? path.startsWith(open.slice(0, -1)) : path === open))
  )
}

function objectAt(object: JsonObject, key: string): JsonObject | undefined {
  const value = object[key]
  return isObject(value) ? value : undefined
}

function textAt(object: JsonObject, key: string): string {
  const value = object[key]
  return typeof value === 'string' ? value : ''
}
