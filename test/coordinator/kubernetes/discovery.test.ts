import test from 'ava'
import { discoveryAnswer, discoveryPaths } from '../../../services/coordinator/kubernetes/discovery.js'

const newest =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'
const to129 = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'

function answer(path: string, accept?: string) {
  const found = discoveryAnswer(path, accept)
  if (found === undefined) throw new Error(`${path} is not there`)
  return { ...found, document: JSON.parse(found.body) }
}

const forms: [who: string, accept: string | undefined, type: string][] = [
  ['a client of today', newest, 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'],
  ['a client up to 1.29', to129, 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList'],
  [
    'a client that says more',
    newest.replace('DiscoveryList,', 'DiscoveryList;profile=nopeer,'),
    'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  ],
  ['a client that wants plain JSON first', `application/json, ${newest}`, 'application/json'],
  ['a client of another version', newest.replaceAll('v=v2', 'v=v3'), 'application/json'],
  ['a client that takes anything', '*/*', 'application/json'],
  ['a client that says nothing', undefined, 'application/json'],
]

for (const [who, accept, type] of forms) {
  test(`${who} is told what there is as ${type}`, t => {
    for (const path of ['/api', '/apis', '/api/', '/apis/']) {
      const { code, contentType, headers } = answer(path, accept)
      t.is(code, 200)
      t.is(contentType, type)
      t.is(headers?.vary, 'Accept')
    }
  })
}

test('aggregated discovery has leases with their kind, scope and verbs, and no short name', t => {
  for (const [accept, version] of [
    [newest, 'v2'],
    [to129, 'v2beta1'],
  ] as const) {
    const { document } = answer('/apis', accept)
    t.is(document.kind, 'APIGroupDiscoveryList')
    t.is(document.apiVersion, `apidiscovery.k8s.io/${version}`)
    const names = document.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)
    t.deepEqual(names, ['authentication.k8s.io', 'authorization.k8s.io', 'coordination.k8s.io'])
    t.deepEqual(document.items[2].versions, [
      {
        version: 'v1',
        freshness: 'Current',
        resources: [
          {
            resource: 'leases',
            responseKind: { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' },
            scope: 'Namespaced',
            singularResource: 'lease',
            verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
          },
        ],
      },
    ])
  }
})

test('the core group has events, namespaces and services, in one item without a name', t => {
  const { items } = answer('/api', newest).document
  t.is(items.length, 1)
  t.deepEqual(items[0].metadata, {})
  t.deepEqual(
    items[0].versions[0].resources.map(({ resource, scope }: Record<string, string>) => [resource, scope]),
    [
      ['events', 'Namespaced'],
      ['namespaces', 'Cluster'],
      ['services', 'Namespaced'],
    ],
  )
})

test('legacy discovery leads from the groups to the resources of a version', t => {
  t.deepEqual(answer('/api').document, { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] })
  const { kind, groups } = answer('/apis').document
  t.is(kind, 'APIGroupList')
  const v1 = { groupVersion: 'coordination.k8s.io/v1', version: 'v1' }
  const group = { name: 'coordination.k8s.io', versions: [v1], preferredVersion: v1 }
  t.deepEqual(groups[2], group)
  t.deepEqual(answer('/apis/coordination.k8s.io').document, { kind: 'APIGroup', apiVersion: 'v1', ...group })
  t.deepEqual(answer('/apis/coordination.k8s.io/v1').document, {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: 'coordination.k8s.io/v1',
    resources: [
      {
        name: 'leases',
        singularName: 'lease',
        namespaced: true,
        kind: 'Lease',
        verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      },
    ],
  })
  t.is(answer('/api/v1').document.groupVersion, 'v1')
})

test('every path of discovery answers with and without a slash at its end, and no other path does', t => {
  t.deepEqual(discoveryPaths, [
    '/api',
    '/apis',
    '/api/v1',
    '/apis/authentication.k8s.io/v1',
    '/apis/authentication.k8s.io/v1beta1',
    '/apis/authorization.k8s.io/v1',
    '/apis/coordination.k8s.io/v1',
    '/apis/authentication.k8s.io',
    '/apis/authorization.k8s.io',
    '/apis/coordination.k8s.io',
  ])
  for (const path of discoveryPaths) t.deepEqual(answer(path), answer(`${path}/`))
  for (const path of ['/', '', '/api//', '/apis/apps', '/apis/coordination.k8s.io/v1beta1', '/api/v1/leases']) {
    t.is(discoveryAnswer(path, newest), undefined, path)
  }
})
