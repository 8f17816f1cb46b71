/**
 * What Kubernetes' tests ask of the leases of API servers.
 * @see Kubernetes test/e2e/apimachinery/apiserver_identity.go and test/integration/controlplane/apiserver_identity_test.go
 */
import test, { type ExecutionContext } from 'ava'
import { startAgent } from '../../agents/agent-process.js'
import { type KubernetesFixture, leasesPath, startKubernetes } from '../../support/kubernetes.js'
import { until } from '../../support/until.js'

interface IdentityLease {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels: Readonly<Record<string, string>> }
  readonly spec: { readonly holderIdentity: string; readonly renewTime: string; readonly leaseDurationSeconds: number }
}

const styles = {
  'v1.26': { label: 'k8s.io/component', name: 'kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a' },
  'v1.27': { label: 'apiserver.kubernetes.io/identity', name: 'apiserver-c7uylvfxlbqccnk6myfkwetzze' },
} as const

const apiserver = (t: ExecutionContext, { coordinator }: KubernetesFixture, style: string, hostname: string) =>
  startAgent(
    t,
    coordinator.address,
    ...['apiserver-identity', '--name-style', style, '--hostname', hostname, '--renew-interval', '200ms'],
  )

async function identities({ call }: KubernetesFixture, label: string): Promise<IdentityLease[]> {
  const selector = encodeURIComponent(`${label}=kube-apiserver`)
  return (await call('GET', `${leasesPath('kube-system')}?labelSelector=${selector}`)).body.items
}

for (const [style, { label, name }] of Object.entries(styles)) {
  test(`an API server as of ${style} has one lease, named and labelled for its host`, async t => {
    const kubernetes = await startKubernetes()
    t.teardown(() => kubernetes.stop())
    apiserver(t, kubernetes, style, 'kind-control-plane')
    await until(async () => (await identities(kubernetes, label)).length > 0)
    const [lease, ...others] = await identities(kubernetes, label)
    t.deepEqual(others, [])
    t.is(lease?.metadata.name, name)
    t.deepEqual(lease?.metadata.labels, { [label]: 'kube-apiserver', 'kubernetes.io/hostname': 'kind-control-plane' })
    t.regex(lease?.spec.holderIdentity ?? '', new RegExp(`^${name}_[0-9a-f-]{36}$`))
    t.is(lease?.spec.leaseDurationSeconds, 3600)
  })
}

test('there are as many identity leases as API servers; one that restarts has a new holder and a later renewTime in the same lease', async t => {
  const kubernetes = await startKubernetes()
  t.teardown(() => kubernetes.stop())
  const { label, name } = styles['v1.27']
  const hostnames = ['kind-control-plane', 'kind-control-plane2', 'kind-control-plane3']
  const [first] = hostnames.map(hostname => apiserver(t, kubernetes, 'v1.27', hostname))
  const all = (): Promise<IdentityLease[]> => identities(kubernetes, label)
  await until(async () => (await all()).length === hostnames.length)
  t.deepEqual((await all()).map(({ metadata }) => metadata.labels['kubernetes.io/hostname']).sort(), hostnames)

  const of = async (): Promise<IdentityLease | undefined> =>
    (await all()).find(({ metadata }) => metadata.name === name)
  const before = await of()
  first?.process.kill('SIGTERM')
  await first?.exitCode()
  apiserver(t, kubernetes, 'v1.27', 'kind-control-plane')
  await until(async () => (await of())?.spec.holderIdentity !== before?.spec.holderIdentity)
  const after = await of()
  t.true((after?.spec.renewTime ?? '') > (before?.spec.renewTime ?? ''))
  t.is(after?.metadata.uid, before?.metadata.uid)
  t.is((await all()).length, hostnames.length)
})
