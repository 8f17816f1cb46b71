import { listMeta, objectMeta } from './metadata-schemas.js'
import { kindOf, listOf, reference, type Schema, type Schemas, text, texts } from './schema.js'

const core = 'io.k8s.api.core.v1'
const namespaceSpec = `${core}.NamespaceSpec`
const namespaceStatus = `${core}.NamespaceStatus`

const metadata = reference(objectMeta, 'What every object has.')

const kinds: Readonly<Record<string, readonly [description: string, properties: Readonly<Record<string, Schema>>]>> = {
  Namespace: [
    'A place for names: two leases of one name are in two namespaces. It is there while it has leases and keeps nothing ' +
      'itself; default, kube-node-lease, kube-public and kube-system always are. Deleting it deletes its leases.',
    {
      spec: reference(namespaceSpec, 'What namespaces have elsewhere; it means nothing here.'),
      status: reference(namespaceStatus, 'Whether the namespace can be used.'),
    },
  ],
  Event: ['What happened to an object. There are none here: changes of leases go to NATS.', {}],
  Service: ['How a program is reached. There are none here.', {}],
}

export const coreSchemas: Schemas = {
  ...Object.fromEntries(Object.entries(kinds).flatMap(([kind, [about, fields]]) => schemasOf(kind, about, fields))),
  [namespaceSpec]: {
    type: 'object',
    description: 'What namespaces have elsewhere; it means nothing here.',
    properties: { finalizers: texts('Always kubernetes.') },
  },
  [namespaceStatus]: {
    type: 'object',
    description: 'Whether a namespace can be used.',
    properties: { phase: text('Active, always.') },
  },
}

/** A kind and its list. */
function schemasOf(kind: string, about: string, fields: Readonly<Record<string, Schema>>): [string, Schema][] {
  const version = { group: '', version: 'v1' }
  const list = {
    items: listOf(`${core}.${kind}`, 'The objects.'),
    metadata: reference(listMeta, 'The version of the whole, and where it goes on.'),
  }
  return [
    [`${core}.${kind}`, kindOf({ ...version, kind }, about, { metadata, ...fields })],
    [`${core}.${kind}List`, kindOf({ ...version, kind: `${kind}List` }, 'Several of them, by name.', list, ['items'])],
  ]
}
