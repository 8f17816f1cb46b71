/**
 * What is served, for clients that look before they ask. There are three forms of it, by Accept: everything at once in
 * one of two versions (aggregated), or piece by piece (legacy), which older clients know.
 * @see Kubernetes, apidiscovery.k8s.io and APIResourceList
 */
import { type Answer, askAgain, jsonAnswer } from './answer.js'
import {
  apiVersionOf,
  coreGroup,
  namedGroups,
  rootOf,
  type ServedGroup,
  type ServedResource,
  type ServedVersion,
  servedVersions,
} from './served-resources.js'

/** Every path of discovery. */
export const discoveryPaths: readonly string[] = [
  '/api',
  '/apis',
  ...servedVersions.map(version => `/${rootOf(version)}`),
  ...namedGroups.map(({ name }) => `/apis/${name}`),
]

/** The answer at a path of discovery, which may end in a slash; undefined at any other. */
export function discoveryAnswer(path: string, accept: string | undefined): Answer | undefined {
  const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  if (bare !== '/api' && bare !== '/apis') return legacy.get(bare)
  const version = aggregatedVersion(accept)
  return version === undefined ? legacy.get(bare) : aggregated.get(`${bare} ${version}`)
}

const aggregatedVersions = ['v2', 'v2beta1'] as const

/**
 * The first aggregated form in an Accept header, unless plain JSON comes before it. Parameters that say more, as
 * `profile=nopeer`, ask for nothing that would be different here.
 */
function aggregatedVersion(accept = ''): string | undefined {
  for (const clause of accept.split(',')) {
    const [type, ...parameters] = clause.split(';').map(part => part.trim())
    if (type !== 'application/json') continue
    const has = (parameter: string): boolean => parameters.includes(parameter)
    if (!parameters.some(parameter => parameter.startsWith('as='))) return undefined
    if (!has('g=apidiscovery.k8s.io') || !has('as=APIGroupDiscoveryList')) continue
    const version = aggregatedVersions.find(version => has(`v=${version}`))
    if (version !== undefined) return version
  }
  return undefined
}

/** Clients go by the parameters of the content type: without them they read it as the legacy form, and find nothing. */
function aggregatedAnswer(groups: readonly ServedGroup[], version: string): Answer {
  const document = {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name === '' ? {} : { name },
      versions: versions.map(served => ({
        version: served.version,
        freshness: 'Current',
        resources: served.resources.map(resource => aggregatedResource(served, resource)),
      })),
    })),
  }
  const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
  return { ...jsonAnswer(document, { ...askAgain, vary: 'Accept' }), contentType }
}

const aggregatedResource = ({ group, version }: ServedVersion, served: ServedResource) => ({
  resource: served.resource,
  responseKind: { group, version, kind: served.kind },
  scope: served.isNamespaced ? 'Namespaced' : 'Cluster',
  singularResource: served.singular,
  verbs: served.verbs,
  ...(served.shortNames && { shortNames: served.shortNames }),
  ...(served.categories && { categories: served.categories }),
})

const groupVersionOf = (version: ServedVersion) => ({ groupVersion: apiVersionOf(version), version: version.version })

const groupOf = ({ name, versions }: ServedGroup) => ({
  name,
  versions: versions.map(groupVersionOf),
  preferredVersion: versions.map(groupVersionOf)[0],
})

const resourceList = (version: ServedVersion) => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: apiVersionOf(version),
  resources: version.resources.map(served => ({
    name: served.resource,
    singularName: served.singular,
    namespaced: served.isNamespaced,
    kind: served.kind,
    verbs: served.verbs,
    ...(served.shortNames && { shortNames: served.shortNames }),
    ...(served.categories && { categories: served.categories }),
  })),
})

const varied = (document: unknown): Answer => jsonAnswer(document, { ...askAgain, vary: 'Accept' })

/** Both lists, since `/api` has the core group alone. */
const lists: readonly (readonly [path: string, groups: readonly ServedGroup[]])[] = [
  ['/api', [coreGroup]],
  ['/apis', namedGroups],
]

const aggregated: ReadonlyMap<string, Answer> = new Map(
  lists.flatMap(([path, groups]) =>
    aggregatedVersions.map(version => [`${path} ${version}`, aggregatedAnswer(groups, version)] as const),
  ),
)

const legacy: ReadonlyMap<string, Answer> = new Map([
  // Clients in Python refuse it without the list of addresses.
  ['/api', varied({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] })],
  ['/apis', varied({ kind: 'APIGroupList', apiVersion: 'v1', groups: namedGroups.map(groupOf) })],
  ...namedGroups.map(
    group => [`/apis/${group.name}`, jsonAnswer({ kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) })] as const,
  ),
  ...servedVersions.map(version => [`/${rootOf(version)}`, jsonAnswer(resourceList(version))] as const),
])
