/** What can be done with the resources of one version of a group, as paths with their methods. */
import { rootOf, type ServedResource, type ServedVersion, type Verb } from '../served-resources.js'
import { deleteOptions, patch, status } from './metadata-schemas.js'
import { refer, type Schema } from './schema.js'

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly description: string
  readonly required?: true
  readonly schema: Schema
}

/** How a verb is asked for. */
interface Method {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** What Kubernetes' own documents call it. */
  readonly action: string
  readonly isOfOne: boolean
  readonly about: string
  readonly parameters: readonly Parameter[]
  readonly codes: readonly number[]
}

const query = (name: string, type: 'string' | 'integer' | 'boolean', description: string): Parameter => ({
  name,
  in: 'query',
  description,
  schema: { type },
})

const inPath = (name: string, description: string): Parameter => ({
  name,
  in: 'path',
  description,
  required: true,
  schema: { type: 'string' },
})

const selectors: readonly Parameter[] = [
  query('labelSelector', 'string', 'Only objects with such labels, as in app=billing,tier in (a,b).'),
  query('fieldSelector', 'string', 'Only objects with such fields: metadata.name and metadata.namespace.'),
]

const pages: readonly Parameter[] = [
  query('limit', 'integer', 'The most objects of a page; without it there is one page.'),
  query('continue', 'string', 'The token of the page before.'),
  query('resourceVersion', 'string', 'The version that the answer must have reached; of a watch, where it begins.'),
  query('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
]

const watches: readonly Parameter[] = [
  query('watch', 'boolean', 'Answer with a stream of changes instead of a list.'),
  query('allowWatchBookmarks', 'boolean', 'Tell in a watch from time to time how far it has come.'),
  query('sendInitialEvents', 'boolean', 'Begin a watch with every object that is there, and a bookmark after them.'),
  query('timeoutSeconds', 'integer', 'How long a watch lasts.'),
]

const dryRun = query('dryRun', 'string', 'All: answer as if, and store nothing.')

const writes: readonly Parameter[] = [
  dryRun,
  query('fieldManager', 'string', 'Who sets the fields; without it, the program in User-Agent.'),
  query(
    'fieldValidation',
    'string',
    'What becomes of fields that the kind does not have: Ignore drops them, Warn tells it, Strict refuses the request.',
  ),
]

const force = query('force', 'boolean', 'In an apply: take fields that another manager has set.')

const deletes: readonly Parameter[] = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'Means nothing here: objects go at once.'),
  query('propagationPolicy', 'string', 'Means nothing here: what belongs to an object is not deleted with it.'),
]

/** A Record, so that no verb is forgotten; a watch is a list with a parameter. */
const methods: Readonly<Record<Exclude<Verb, 'watch'>, Method>> = {
  get: { method: 'get', action: 'get', isOfOne: true, about: 'Reads one.', parameters: [], codes: [200] },
  list: {
    method: 'get',
    action: 'list',
    isOfOne: false,
    about: 'Lists them.',
    parameters: [...selectors, ...pages],
    codes: [200],
  },
  create: { method: 'post', action: 'post', isOfOne: false, about: 'Creates one.', parameters: writes, codes: [201] },
  update: {
    method: 'put',
    action: 'put',
    isOfOne: true,
    about: 'Replaces one, or creates it.',
    parameters: writes,
    codes: [200, 201],
  },
  patch: {
    method: 'patch',
    action: 'patch',
    isOfOne: true,
    about: 'Changes one; an apply may also create it.',
    parameters: [...writes, force],
    codes: [200, 201],
  },
  delete: {
    method: 'delete',
    action: 'delete',
    isOfOne: true,
    about: 'Deletes one.',
    parameters: deletes,
    codes: [200],
  },
  deletecollection: {
    method: 'delete',
    action: 'deletecollection',
    isOfOne: false,
    about: 'Deletes all that are selected.',
    parameters: [...selectors, ...deletes],
    codes: [200],
  },
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const

const objectTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'] as const

export type Paths = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/**
 * @param schemaOf the schema of a kind of this version.
 */
export function pathsOf(version: ServedVersion, schemaOf: (kind: string) => Schema): Paths {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const resource of version.resources) {
    const root = `/${rootOf(version)}`
    const collection = resource.isNamespaced ? `${root}/namespaces/{namespace}` : root
    for (const verb of resource.verbs) {
      if (verb === 'watch') continue
      const method = methods[verb]
      const path = `${collection}/${resource.resource}${method.isOfOne ? '/{name}' : ''}`
      const parameters = pathParameters(resource, method)
      paths[path] = { ...paths[path], [method.method]: operation(version, resource, verb, '', schemaOf), parameters }
      if (verb !== 'list' || !resource.isNamespaced) continue
      paths[`${root}/${resource.resource}`] = {
        get: operation(version, resource, verb, 'ForAllNamespaces', schemaOf),
      }
    }
  }
  return paths
}

const pathParameters = ({ isNamespaced }: ServedResource, { isOfOne }: Method): readonly Parameter[] => [
  ...(isNamespaced ? [inPath('namespace', 'The namespace.')] : []),
  ...(isOfOne ? [inPath('name', 'The name of the object.')] : []),
]

function operation(
  version: ServedVersion,
  resource: ServedResource,
  verb: Exclude<Verb, 'watch'>,
  scope: string,
  schemaOf: (kind: string) => Schema,
): object {
  const { action, about, parameters, codes } = methods[verb]
  const { group, version: name } = version
  const watched = verb === 'list' && resource.verbs.includes('watch') ? watches : []
  const body = bodyOf(verb, schemaOf(resource.kind))
  const answer = answerOf(verb, resource, schemaOf)
  return {
    description: about,
    operationId: operationId(version, resource, verb, scope),
    tags: [`${group === '' ? 'core' : group.replace('.k8s.io', '')}_${name}`],
    parameters: [...parameters, ...watched],
    ...(body !== undefined && { requestBody: body }),
    responses: Object.fromEntries(
      codes.map(code => [code, { description: 'It was done.', content: content(objectTypes, answer) }]),
    ),
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version: name, kind: resource.kind },
  }
}

/** What the verbs are called in the names of operations. */
const verbWords: Readonly<Record<Exclude<Verb, 'watch'>, string>> = {
  create: 'create',
  delete: 'delete',
  deletecollection: 'deleteCollection',
  get: 'read',
  list: 'list',
  patch: 'patch',
  update: 'replace',
}

function operationId(
  { group, version }: ServedVersion,
  { kind, isNamespaced }: ServedResource,
  verb: Exclude<Verb, 'watch'>,
  scope: string,
): string {
  const words = [group === '' ? 'core' : group.replace('.k8s.io', ''), version]
  const place = isNamespaced && scope === '' ? 'Namespaced' : ''
  return `${verbWords[verb]}${words.map(capitalized).join('')}${place}${kind}${scope}`
}

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

function bodyOf(verb: Verb, object: Schema): object | undefined {
  if (verb === 'create' || verb === 'update') return { required: true, content: content(objectTypes, object) }
  if (verb === 'patch') return { required: true, content: content(patchTypes, refer(patch)) }
  return verb.startsWith('delete') ? { content: content(objectTypes, refer(deleteOptions)) } : undefined
}

function answerOf(verb: Verb, { kind }: ServedResource, schemaOf: (kind: string) => Schema): Schema {
  if (verb === 'delete') return refer(status)
  return schemaOf(verb === 'list' || verb === 'deletecollection' ? `${kind}List` : kind)
}

const content = (types: readonly string[], schema: Schema) => Object.fromEntries(types.map(type => [type, { schema }]))
