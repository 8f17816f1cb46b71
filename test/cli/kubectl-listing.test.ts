import { Readable } from 'node:stream'
import test from 'ava'
import { leasectl } from '../../cli/leasectl/leasectl.js'
import { runProgram } from '../../cli/run-program.js'
import { connectClient, type Lease } from '../../client/index.js'
import { systemRandom } from '../../clock/random.js'
import { systemClock } from '../../clock/system-clock.js'
import { startCoordinator, type TestCoordinator } from '../support/coordinator.js'

/** The API servers of the Kubernetes page on leases: lease, mark of its process, host. */
const servers = [
  ['c4vwjftbvpc5os2vvzle4qg27a', '9cbf54e5-1136-44bd-8f9a-1dcd15c346b4', 'kind-control-plane'],
  ['dz2dqprdpsgnm756t5rnov7yka', '84f2a85d-37c1-4b14-b6b9-603e62e4896f', 'kind-control-plane3'],
  ['fyloo45sdenffw2ugwaz3likua', 'c5ffa286-8a9a-45d4-91e7-61118ed58d2e', 'kind-control-plane2'],
] as const

let coordinator: TestCoordinator
const leases: Lease[] = []

test.before(async () => {
  coordinator = await startCoordinator()
  const client = connectClient({ addresses: [coordinator.address] })
  for (const [hash, uuid, host] of servers) {
    const name = `kube-apiserver-${hash}`
    const labels = { 'k8s.io/component': 'kube-apiserver', 'kubernetes.io/hostname': host }
    const holder = { holderIdentity: `${name}_${uuid}`, leaseDurationMs: 3_600_000, supersede: true }
    leases.push((await client.acquireOnce({ namespace: 'kube-system', name, labels, ...holder })).lease)
  }
  await client.create({ namespace: 'kube-system', name: 'kube-scheduler' })
  await client.close()
})

test.after.always(() => coordinator.stop())

const created = ({ creationTime = '' }: Lease): number => Date.parse(creationTime) / 1_000
const lastCreated = (): number => Math.max(...leases.map(created))

/** Runs leasectl 5m33s after the last lease was created. */
async function print(...args: string[]): Promise<string> {
  let printed = ''
  const surroundings = {
    clock: { ...systemClock, wallMicros: () => (lastCreated() + 333) * 1e6 },
    random: systemRandom,
    input: () => Readable.from([]),
    out: (text: string) => {
      printed += text
    },
    err: (text: string) => {
      printed += text
    },
    signal: new AbortController().signal,
  }
  await runProgram(leasectl(surroundings), ['--address', coordinator.address, ...args], surroundings)
  return printed
}

/** 5m33s, or more for a lease that was created earlier than the last. */
const age = (index: number): string => `5m${33 + lastCreated() - created(leases[index] ?? fail())}s`

const fail = (): never => {
  throw new Error('there is no such lease')
}

const identities = ['-n', 'kube-system', 'get', 'lease', '-l', 'k8s.io/component=kube-apiserver']

/** The same as kubectl 1.33 prints of such leases. */
test('the identities of API servers are listed as kubectl lists them', async t => {
  t.is(
    await print(...identities),
    `\
NAME                                        HOLDER                                                                           AGE
kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a   kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a_9cbf54e5-1136-44bd-8f9a-1dcd15c346b4   ${age(0)}
kube-apiserver-dz2dqprdpsgnm756t5rnov7yka   kube-apiserver-dz2dqprdpsgnm756t5rnov7yka_84f2a85d-37c1-4b14-b6b9-603e62e4896f   ${age(1)}
kube-apiserver-fyloo45sdenffw2ugwaz3likua   kube-apiserver-fyloo45sdenffw2ugwaz3likua_c5ffa286-8a9a-45d4-91e7-61118ed58d2e   ${age(2)}
`,
  )
})

test('-A --show-labels adds a first and a last column, as kubectl does', async t => {
  t.is(
    await print('get', 'leases', '-A', '--show-labels', '--field-selector', `metadata.name=${leases[1]?.name}`),
    `\
NAMESPACE     NAME                                        HOLDER                                                                           AGE     LABELS
kube-system   kube-apiserver-dz2dqprdpsgnm756t5rnov7yka   kube-apiserver-dz2dqprdpsgnm756t5rnov7yka_84f2a85d-37c1-4b14-b6b9-603e62e4896f   ${age(1)}   k8s.io/component=kube-apiserver,kubernetes.io/hostname=kind-control-plane3
`,
  )
})

/** What kubectl prints of the same object. */
test('the identity of an API server in YAML is as kubectl prints it', async t => {
  const [lease = fail()] = leases
  t.is(
    await print('-n', 'kube-system', 'get', 'lease', lease.name, '-o', 'yaml'),
    `\
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  creationTimestamp: "${lease.creationTime}"
  labels:
    k8s.io/component: kube-apiserver
    kubernetes.io/hostname: kind-control-plane
  name: kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a
  namespace: kube-system
  resourceVersion: "${lease.resourceVersion}"
  uid: ${lease.uid}
spec:
  holderIdentity: kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a_9cbf54e5-1136-44bd-8f9a-1dcd15c346b4
  leaseDurationSeconds: 3600
  renewTime: "${lease.renewTime}"
`,
  )
})

test('several in YAML are a List, as kubectl prints it', async t => {
  const text = await print(...identities, '-o', 'yaml')
  t.regex(text, /^apiVersion: v1\nitems:\n- apiVersion: coordination\.k8s\.io\/v1\n {2}kind: Lease\n {2}metadata:\n/)
  t.regex(text, /\nkind: List\nmetadata:\n {2}resourceVersion: ""\n$/)
  t.deepEqual(
    text.match(/(?<=^ {4}name: ).*/gm),
    leases.map(({ name }) => name),
  )
})

test('a jsonpath over several goes over the items of the List', async t => {
  const template =
    'jsonpath={range .items[*]}{.metadata.labels.kubernetes\\.io/hostname} {.spec.leaseDurationSeconds}{"\\n"}{end}'
  t.is(
    await print(...identities, '-o', template),
    'kind-control-plane 3600\nkind-control-plane3 3600\nkind-control-plane2 3600\n',
  )
})
