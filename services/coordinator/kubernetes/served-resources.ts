export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

/** A kind of object that is served. */
export interface ServedResource {
  /** The plural, as in paths. */
  readonly resource: string
  readonly singular: string
  readonly kind: string
  readonly isNamespaced: boolean
  readonly verbs: readonly Verb[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

/** A version of a group. */
export interface GroupVersion {
  /** '' for the core group. */
  readonly group: string
  readonly version: string
}

export interface ServedVersion extends GroupVersion {
  readonly resources: readonly ServedResource[]
}

const selfSubjectReviews: readonly ServedResource[] = [
  {
    resource: 'selfsubjectreviews',
    singular: 'selfsubjectreview',
    kind: 'SelfSubjectReview',
    isNamespaced: false,
    verbs: ['create'],
  },
]

/**
 * Everything that clients of Kubernetes find here: leases, and what they ask around leases. Discovery, the OpenAPI
 * documents and the reviews are made of this list. The versions of a group stand in order of preference.
 */
export const servedVersions: readonly ServedVersion[] = [
  {
    group: '',
    version: 'v1',
    resources: [
      {
        resource: 'events',
        singular: 'event',
        kind: 'Event',
        isNamespaced: true,
        verbs: ['get', 'list'],
        shortNames: ['ev'],
      },
      {
        resource: 'namespaces',
        singular: 'namespace',
        kind: 'Namespace',
        isNamespaced: false,
        verbs: ['create', 'delete', 'get', 'list', 'patch', 'update'],
        shortNames: ['ns'],
      },
      {
        resource: 'services',
        singular: 'service',
        kind: 'Service',
        isNamespaced: true,
        verbs: ['get', 'list'],
        shortNames: ['svc'],
        categories: ['all'],
      },
    ],
  },
  { group: 'authentication.k8s.io', version: 'v1', resources: selfSubjectReviews },
  // kubectl 1.27 knows no newer one.
  { group: 'authentication.k8s.io', version: 'v1beta1', resources: selfSubjectReviews },
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    resources: [
      {
        resource: 'selfsubjectaccessreviews',
        singular: 'selfsubjectaccessreview',
        kind: 'SelfSubjectAccessReview',
        isNamespaced: false,
        verbs: ['create'],
      },
      {
        resource: 'selfsubjectrulesreviews',
        singular: 'selfsubjectrulesreview',
        kind: 'SelfSubjectRulesReview',
        isNamespaced: false,
        verbs: ['create'],
      },
    ],
  },
  {
    group: 'coordination.k8s.io',
    version: 'v1',
    resources: [
      {
        resource: 'leases',
        singular: 'lease',
        kind: 'Lease',
        isNamespaced: true,
        verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      },
    ],
  },
]

/** A group with its versions. */
export interface ServedGroup {
  readonly name: string
  readonly versions: readonly ServedVersion[]
}

/** The core group, which has the name ''. */
export const coreGroup: ServedGroup = groupOf('')

/** The groups that have a name. */
export const namedGroups: readonly ServedGroup[] = [...new Set(servedVersions.map(({ group }) => group))]
  .filter(name => name !== '')
  .map(groupOf)

function groupOf(name: string): ServedGroup {
  return { name, versions: servedVersions.filter(({ group }) => group === name) }
}

/** As in `apiVersion`: `group/version`, or the version alone for the core group. */
export const apiVersionOf = ({ group, version }: GroupVersion): string =>
  group === '' ? version : `${group}/${version}`

/** The beginning of the paths of a group's version, without a slash before it. */
export const rootOf = ({ group, version }: GroupVersion): string =>
  group === '' ? `api/${version}` : `apis/${group}/${version}`
