import test from 'ava'
import { readManifests } from '../../cli/manifest.js'

const lease = (rest: string): string => `apiVersion: coordination.k8s.io/v1\nkind: Lease\n${rest}`

test('a Lease in YAML, times without quotes as Kubernetes writes them included', t => {
  const [manifest] = readManifests(
    lease(`metadata:
  name: kube-scheduler
  namespace: kube-system
  labels: {app.kubernetes.io/name: scheduler, "yes": on}
spec:
  holderIdentity: host-a
  leaseDurationSeconds: 15
  renewTime: 2026-01-02T03:04:05.123456Z
`),
    'lease.yaml',
  )
  t.like(manifest, {
    place: 'lease.yaml, document 1',
    name: 'kube-scheduler',
    namespace: 'kube-system',
    labels: { 'app.kubernetes.io/name': 'scheduler', yes: 'on' },
    holderIdentity: 'host-a',
    leaseDurationSeconds: 15,
    renewTime: '2026-01-02T03:04:05.123456Z',
  })
})

test('a Lease in JSON, indented by tabs too', t => {
  const json = JSON.stringify(
    { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'a' }, spec: {} },
    undefined,
    '\t',
  )
  t.like(readManifests(json, '-')[0], { name: 'a' })
})

test('several documents, empty ones aside, and the items of a List, each with its place', t => {
  const list = { apiVersion: 'v1', kind: 'List', metadata: {}, items: ['b', 'c'].map(named) }
  const text = `---\n---\n${lease('metadata: {name: a}')}\n---\n${JSON.stringify(list)}\n---\n`
  t.deepEqual(
    readManifests(text, 'all.yaml').map(({ name, place }) => [name, place]),
    [
      ['a', 'all.yaml, document 2'],
      ['b', 'all.yaml, document 3, items[0]'],
      ['c', 'all.yaml, document 3, items[1]'],
    ],
  )
})

const named = (name: string) => ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name } })

test('what whoever keeps a lease says of it is passed over', t => {
  const text = lease(`metadata:
  name: a
  creationTimestamp: null
  generation: 3
  managedFields: [{manager: kubectl}]
`)
  t.notThrows(() => readManifests(text, 'a.yaml'))
})

test('null says that there is to be nothing', t => {
  const text = lease('metadata: {name: a, labels: {old: null}, finalizers: null}\nspec: {preferredHolder: null}')
  t.like(readManifests(text, 'a.yaml')[0], { labels: { old: null }, finalizers: null, preferredHolder: null })
})

test('the annotation leasehold.dev/takeover-delay is the takeover delay, and no annotation', t => {
  const read = (annotations: string) => readManifests(lease(`metadata: {name: a, annotations: ${annotations}}`), 'a')[0]
  t.like(read('{leasehold.dev/takeover-delay: 1m30s, note: x}'), {
    takeoverDelayMs: 90_000,
    annotations: { note: 'x' },
  })
  t.is(read('{leasehold.dev/takeover-delay: null}')?.takeoverDelayMs, null)
  t.is(read('{note: x}')?.takeoverDelayMs, undefined)
})

const faults: [what: string, text: string, told: string][] = [
  ['nothing', '# only a comment\n', 'f: there is no lease in it'],
  ['an unknown field', lease('metadata: {name: a}\nspec: {leaseDuration: 15}'), 'spec.leaseDuration: a Lease has no'],
  [
    'an unknown top-level field',
    lease('metadata: {name: a}\nstatus: {}'),
    'f, document 1: status: a Lease has no such',
  ],
  [
    'a label that is a number',
    lease('metadata: {name: a, labels: {a.b/c: 5}}'),
    'metadata.labels["a.b/c"]: must be text',
  ],
  [
    'a finalizer that is none',
    lease('metadata: {name: a, finalizers: [x, 1]}'),
    'metadata.finalizers[1]: must be text',
  ],
  [
    'a duration that is text',
    lease('metadata: {name: a}\nspec: {leaseDurationSeconds: 15s}'),
    'a whole number from 1 to',
  ],
  [
    'a duration of 0',
    lease('metadata: {name: a}\nspec: {leaseDurationSeconds: 0}'),
    'a whole number from 1 to 2147483647',
  ],
  [
    'a time that is none',
    lease('metadata: {name: a}\nspec: {renewTime: noon}'),
    'spec.renewTime: must be a time as in',
  ],
  ['no metadata', lease('spec: {}'), 'f, document 1: metadata: must be a mapping'],
  [
    'a delay that is none',
    lease('metadata: {name: a, annotations: {leasehold.dev/takeover-delay: soon}}'),
    '"soon" is not a',
  ],
  ['another kind', 'apiVersion: v1\nkind: Pod\n', 'must be a Lease of coordination.k8s.io/v1, or a List of v1'],
  ['another version', 'apiVersion: coordination.k8s.io/v1beta1\nkind: Lease\n', 'v1beta1", kind "Lease"'],
  ['text that is no mapping', 'hello\n', 'apiVersion missing, kind missing'],
  [
    'a second document at fault',
    `${lease('metadata: {name: a}')}\n---\n${lease('metadata: {name: 5}')}`,
    'f, document 2: ',
  ],
  [
    'an item at fault',
    '{apiVersion: v1, kind: List, items: [{kind: Pod, apiVersion: v1}]}',
    'f, document 1, items[0]: must',
  ],
  ['a key twice', lease('metadata: {name: a}\nkind: Lease'), 'f, document 1: Map keys must be unique (line 4)'],
  ['YAML that ends too early', 'a: [1,\n', 'f, document 1: '],
  ['an alias to nothing', 'a: *b\n', 'f, document 1: Unresolved alias'],
  ['a tag', 'a: !env HOME\n', 'f, document 1: Unresolved tag: !env (line 1)'],
]

for (const [what, text, told] of faults) {
  test(`${what} is refused with file, document and field`, t => {
    const error = t.throws(() => readManifests(text, 'f'), { name: 'ManifestError' })
    t.true(error.message.startsWith('f'), error.message)
    t.true(error.message.includes(told), error.message)
    t.notRegex(error.message, /\n/)
  })
}

test('every field at fault of a document is told', t => {
  const text = lease('metadata: {name: a, color: red}\nspec: {leaseDuration: 15, leaseTransitions: -1}')
  const error = t.throws(() => readManifests(text, 'f'))
  for (const field of ['metadata.color', 'spec.leaseDuration:', 'spec.leaseTransitions']) {
    t.true(error.message.includes(field), error.message)
  }
})
