import { objectMeta } from './metadata-schemas.js'
import { bool, kindOf, listOf, reference, type Schema, type Schemas, text, texts, textsByKey } from './schema.js'

const authorization = 'io.k8s.api.authorization.v1'
const metadata = reference(objectMeta, 'Not used.')

export const reviewSchemas: Schemas = {
  ...selfSubjectReview('v1'),
  ...selfSubjectReview('v1beta1'),
  'io.k8s.api.authentication.v1.UserInfo': {
    type: 'object',
    description: 'A user.',
    properties: {
      extra: textsByKey('Not used.'),
      groups: texts('The groups of the user.'),
      uid: text('Not used.'),
      username: text('The name of the user.'),
    },
  },
  [`${authorization}.SelfSubjectAccessReview`]: authorizationKind(
    'SelfSubjectAccessReview',
    'Asks whether whoever asks may do something.',
    { status: reference(`${authorization}.SubjectAccessReviewStatus`, 'The answer.') },
  ),
  [`${authorization}.SelfSubjectAccessReviewSpec`]: {
    type: 'object',
    description: 'What would be done: one of the two.',
    properties: {
      nonResourceAttributes: reference(`${authorization}.NonResourceAttributes`, 'A request for a path.'),
      resourceAttributes: reference(`${authorization}.ResourceAttributes`, 'A request for an object.'),
    },
  },
  [`${authorization}.NonResourceAttributes`]: {
    type: 'object',
    description: 'A request for a path.',
    properties: { path: text('The path.'), verb: text('The method, in small letters.') },
  },
  [`${authorization}.ResourceAttributes`]: {
    type: 'object',
    description: 'A request for an object. A * is for all.',
    properties: {
      group: text('The group of the API.'),
      name: text('The name of the object; empty for all.'),
      namespace: text('The namespace; empty for all.'),
      resource: text('The resource, as in leases.'),
      subresource: text('The subresource; empty for the object itself.'),
      verb: text('What is done: get, list, watch, create, update, patch, delete or deletecollection.'),
      version: text('The version of the API.'),
    },
  },
  [`${authorization}.SubjectAccessReviewStatus`]: {
    type: 'object',
    description: 'Whether something may be done.',
    required: ['allowed'],
    properties: {
      allowed: bool('Whether it may.'),
      denied: bool('Not used.'),
      evaluationError: text('Not used.'),
      reason: text('Why.'),
    },
  },
  [`${authorization}.SelfSubjectRulesReview`]: authorizationKind(
    'SelfSubjectRulesReview',
    'Asks what whoever asks may do in a namespace.',
    { status: reference(`${authorization}.SubjectRulesReviewStatus`, 'The answer.') },
  ),
  [`${authorization}.SelfSubjectRulesReviewSpec`]: {
    type: 'object',
    description: 'Where it would be done.',
    properties: { namespace: text('The namespace.') },
  },
  [`${authorization}.SubjectRulesReviewStatus`]: {
    type: 'object',
    description: 'What may be done.',
    required: ['resourceRules', 'nonResourceRules', 'incomplete'],
    properties: {
      evaluationError: text('Not used.'),
      incomplete: bool('Always false: the rules are all that there are.'),
      nonResourceRules: listOf(`${authorization}.NonResourceRule`, 'The paths.'),
      resourceRules: listOf(`${authorization}.ResourceRule`, 'The resources.'),
    },
  },
  [`${authorization}.NonResourceRule`]: {
    type: 'object',
    description: 'Paths, and what may be done with them.',
    required: ['verbs'],
    properties: { nonResourceURLs: texts('The paths; a * is for whatever follows.'), verbs: texts('The methods.') },
  },
  [`${authorization}.ResourceRule`]: {
    type: 'object',
    description: 'Resources, and what may be done with them.',
    required: ['verbs'],
    properties: {
      apiGroups: texts('The groups.'),
      resourceNames: texts('Names of objects; empty for all.'),
      resources: texts('The resources.'),
      verbs: texts('What may be done.'),
    },
  },
}

function authorizationKind(kind: string, about: string, fields: Readonly<Record<string, Schema>>): Schema {
  const spec = reference(`${authorization}.${kind}Spec`, 'The question.')
  const of = { group: 'authorization.k8s.io', version: 'v1', kind }
  return kindOf(of, about, { metadata, spec, ...fields }, ['spec'])
}

function selfSubjectReview(version: string): Schemas {
  const prefix = `io.k8s.api.authentication.${version}`
  const userInfo = reference('io.k8s.api.authentication.v1.UserInfo', 'Who asks.')
  const status = reference(`${prefix}.SelfSubjectReviewStatus`, 'The answer.')
  const of = { group: 'authentication.k8s.io', version, kind: 'SelfSubjectReview' }
  return {
    [`${prefix}.SelfSubjectReview`]: kindOf(of, 'Asks who it is that asks.', { metadata, status }),
    [`${prefix}.SelfSubjectReviewStatus`]: {
      type: 'object',
      description: 'Who asks.',
      properties: { userInfo },
    },
  }
}
