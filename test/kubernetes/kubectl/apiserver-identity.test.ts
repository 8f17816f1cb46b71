/**
 * The commands by which Kubernetes' documentation looks at the leases of API servers.
 * @see https://kubernetes.io/docs/concepts/architecture/leases/
 */
import { parse } from 'yaml'
import { startAgent } from '../../agents/agent-process.js'
import { until } from '../../support/until.js'
import { kubectlTests } from './kubectl-test.js'

const { kubectlTest, coordinator } = kubectlTests()

kubectlTest(
  'get lease -l k8s.io/component=kube-apiserver lists the API servers, and -o yaml shows one',
  async (t, kubectl) => {
    const hostnames = ['one', 'two'].map(name => `control-plane-${name}-${kubectl.minor}`)
    const component = ['get', 'lease', '-l', 'k8s.io/component=kube-apiserver', '-n', 'kube-system']
    for (const hostname of hostnames) {
      startAgent(t, coordinator().address, 'apiserver-identity', '--hostname', hostname)
    }
    const ofThis = (line: string): boolean => line.endsWith(`-${kubectl.minor}`)
    let rows: string[][] = []
    await until(async () => {
      const lines = (await kubectl.out(...component, '-L', 'kubernetes.io/hostname')).trimEnd().split('\n')
      t.true(lines.length === 1 ? lines[0] === '' : /^NAME +HOLDER +AGE +HOSTNAME$/.test(lines[0] ?? ''))
      rows = lines.filter(ofThis).map(line => line.split(/ +/))
      return rows.length === hostnames.length
    })
    t.deepEqual(rows.map(row => row[3]).sort(), hostnames.toSorted())
    const [name = '', holderIdentity = '', , hostname] = rows[0] ?? []
    t.regex(name, /^kube-apiserver-[a-z2-7]{26}$/)
    const lease = parse(await kubectl.out('-n', 'kube-system', 'get', 'lease', name, '-o', 'yaml'))
    t.like(lease, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' })
    t.like(lease.metadata, { name, namespace: 'kube-system' })
    t.deepEqual(lease.metadata.labels, { 'k8s.io/component': 'kube-apiserver', 'kubernetes.io/hostname': hostname })
    t.regex(holderIdentity, new RegExp(`^${name}_[0-9a-f-]{36}$`))
    const { renewTime, ...spec } = lease.spec
    t.deepEqual(spec, { holderIdentity, leaseDurationSeconds: 3600 })
    t.regex(renewTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  },
  { isBasic: true },
)
