/** What kubectl reads: `get` in all its forms, `describe`. */
import { parse } from 'yaml'
import { type Kubectl, kubectlTests, listOf, manifest } from './kubectl-test.js'

const { kubectlTest, coordinator } = kubectlTests()

const rows = (stdout: string): string[][] =>
  stdout
    .trimEnd()
    .split('\n')
    .map(row => row.split(/ {2,}/))

/** Four leases, made in one call. */
async function four(kubectl: Kubectl): Promise<void> {
  const leases = listOf(
    manifest('a', { holderIdentity: 'zoe', leaseDurationSeconds: 900 }, { labels: { app: 'one', tier: 'front' } }),
    manifest('b', { holderIdentity: 'yan', leaseDurationSeconds: 900 }, { labels: { app: 'two' } }),
    manifest('c', { holderIdentity: 'xia', leaseDurationSeconds: 900 }, { labels: { app: 'three' } }),
    manifest('d'),
  )
  await kubectl.outWith(leases, 'create', '-f', '-')
}

kubectlTest(
  'get prints NAME, HOLDER and AGE',
  async (t, kubectl) => {
    await kubectl.outWith(manifest('a', { holderIdentity: 'me' }), 'create', '-f', '-')
    t.regex(await kubectl.out('get', 'leases'), /^NAME +HOLDER +AGE\na +me +\d+s\n$/)
    t.regex(await kubectl.out('get', 'lease', 'a'), /^NAME +HOLDER +AGE\na +me +\d+s\n$/)
    t.regex(await kubectl.out('get', 'lease/a', '--no-headers'), /^a +me +\d+s\n$/)
    t.regex(await kubectl.out('get', 'leases.v1.coordination.k8s.io'), /^NAME +HOLDER +AGE\na /)
  },
  { isBasic: true },
)

kubectlTest('get -o wide adds STATE, TOKEN and RENEWED', async (t, kubectl) => {
  const renewTime = new Date().toISOString().replace('Z', '000Z')
  await kubectl.outWith(
    manifest('a', { holderIdentity: 'me', leaseDurationSeconds: 900, renewTime }),
    ...['create', '-f', '-'],
  )
  const [header = [], row = []] = rows(await kubectl.out('get', 'lease', '-o', 'wide'))
  t.deepEqual(header, ['NAME', 'HOLDER', 'AGE', 'STATE', 'TOKEN', 'RENEWED'])
  t.deepEqual([row[0], row[1], row[3]], ['a', 'me', 'held'])
  t.regex(row[4] ?? '', /^\d+$/)
  t.regex(row[5] ?? '', /^\d+s$/)
})

kubectlTest(
  'get -o yaml and -o json give the object as it was written, with six digits in its times',
  async (t, kubectl) => {
    const spec = {
      holderIdentity: 'me',
      leaseDurationSeconds: 3600,
      acquireTime: '2026-01-02T03:04:05.000006Z',
      renewTime: '2026-01-02T03:05:00.123000Z',
      leaseTransitions: 3,
    }
    const labels = { app: 'one' }
    await kubectl.outWith(manifest('a', spec, { labels, annotations: { note: 'mine' } }), 'create', '-f', '-')
    const yaml = parse(await kubectl.out('get', 'lease', 'a', '-o', 'yaml'))
    t.like(yaml, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', spec })
    t.like(yaml.metadata, { name: 'a', namespace: kubectl.namespace, labels, annotations: { note: 'mine' } })
    t.regex(yaml.metadata.uid, /^[0-9a-f]{8}-/)
    t.deepEqual(JSON.parse(await kubectl.out('get', 'lease', 'a', '-o', 'json')), yaml)
    const list = JSON.parse(await kubectl.out('get', 'lease', '-o', 'json'))
    t.like(list, { apiVersion: 'v1', kind: 'List' })
    t.deepEqual(list.items, [yaml])
  },
  { isBasic: true },
)

kubectlTest('get -o name, jsonpath, go-template and custom-columns print what they name', async (t, kubectl) => {
  await four(kubectl)
  t.is(
    await kubectl.out('get', 'lease', 'a', 'b', '-o', 'name'),
    'lease.coordination.k8s.io/a\nlease.coordination.k8s.io/b\n',
  )
  t.is(await kubectl.out('get', 'lease', '-o', 'jsonpath={.items[*].spec.holderIdentity}'), 'zoe yan xia')
  t.is(await kubectl.out('get', 'lease', 'b', '-o', 'jsonpath={.spec.leaseDurationSeconds}'), '900')
  const template = '{{range .items}}{{.metadata.name}} {{end}}'
  t.is(await kubectl.out('get', 'lease', '-o', `go-template=${template}`), 'a b c d ')
  const columns = 'custom-columns=NAME:.metadata.name,WHO:.spec.holderIdentity'
  t.deepEqual(rows(await kubectl.out('get', 'lease', '-o', columns)), [
    ['NAME', 'WHO'],
    ['a', 'zoe'],
    ['b', 'yan'],
    ['c', 'xia'],
    ['d', '<none>'],
  ])
})

kubectlTest('get --show-labels and -L print labels', async (t, kubectl) => {
  await four(kubectl)
  t.regex(await kubectl.out('get', 'lease', 'a', '--show-labels'), /LABELS\na .* app=one,tier=front\n$/)
  t.regex(await kubectl.out('get', 'lease', 'b', '-L', 'app,tier'), / APP +TIER\nb .* two +\n$/)
})

kubectlTest('get --sort-by sorts by any field', async (t, kubectl) => {
  await four(kubectl)
  const sorted = rows(await kubectl.out('get', 'lease', '-l', 'app', '--sort-by=.spec.holderIdentity'))
  t.deepEqual(
    sorted.slice(1).map(([name]) => name),
    ['c', 'b', 'a'],
  )
  const newestLast = rows(await kubectl.out('get', 'lease', '--sort-by=.metadata.creationTimestamp'))
  t.is(newestLast.length, 5)
})

kubectlTest('get --chunk-size reads in pages and prints all, each once', async (t, kubectl) => {
  await four(kubectl)
  for (const size of ['1', '2', '3', '4', '0']) {
    const table = rows(await kubectl.out('get', 'lease', `--chunk-size=${size}`))
    t.deepEqual(
      table.map(([name]) => name),
      ['NAME', 'a', 'b', 'c', 'd'],
      size,
    )
  }
  t.is(await kubectl.out('get', 'lease', '--chunk-size=3', '-o', 'jsonpath={.items[*].metadata.name}'), 'a b c d')
})

kubectlTest('get --server-print=false leaves the columns to kubectl', async (t, kubectl) => {
  await four(kubectl)
  t.regex(await kubectl.out('get', 'lease', 'a', '--server-print=false'), /^NAME +AGE\na +\d+s\n$/)
})

kubectlTest('get -A prints the leases of all namespaces with theirs', async (t, kubectl) => {
  const app = { labels: { everywhere: kubectl.namespace } }
  const other = `${kubectl.namespace}-other`
  await kubectl.outWith(manifest('a', {}, app), 'create', '-f', '-')
  await kubectl.outWith(manifest('b', {}, app), 'create', '-f', '-', '-n', other)
  const table = rows(await kubectl.out('get', 'lease', '-A', '-l', `everywhere=${kubectl.namespace}`))
  t.deepEqual(
    table.map(([namespace, name]) => [namespace, name]),
    [
      ['NAMESPACE', 'NAME'],
      [kubectl.namespace, 'a'],
      [other, 'b'],
    ],
  )
})

kubectlTest('get -l selects by labels', async (t, kubectl) => {
  await four(kubectl)
  const selected = (selector: string): Promise<string> =>
    kubectl.out('get', 'lease', '-l', selector, '-o', 'jsonpath={.items[*].metadata.name}')
  t.is(await selected('app=one'), 'a')
  t.is(await selected('app==two'), 'b')
  t.is(await selected('app!=one'), 'b c d')
  t.is(await selected('app in (one, three)'), 'a c')
  t.is(await selected('app notin (one, three)'), 'b d')
  t.is(await selected('tier'), 'a')
  t.is(await selected('!app'), 'd')
  t.is(await selected('app in (one,two),tier=front'), 'a')
  t.is(await selected('app=none'), '')
})

kubectlTest(
  'get --field-selector knows metadata.name and metadata.namespace, and no other field',
  async (t, kubectl) => {
    await four(kubectl)
    const selected = (selector: string): Promise<string> =>
      kubectl.out('get', 'lease', '--field-selector', selector, '-o', 'jsonpath={.items[*].metadata.name}')
    t.is(await selected('metadata.name=b'), 'b')
    t.is(await selected('metadata.name!=b'), 'a c d')
    t.is(await selected(`metadata.namespace=${kubectl.namespace},metadata.name==c`), 'c')
    t.is(await selected('metadata.namespace=elsewhere'), '')
    const { code, stderr } = await kubectl.run(['get', 'lease', '--field-selector', 'spec.holderIdentity=zoe'])
    t.is(code, 1)
    t.regex(stderr, /"spec.holderIdentity" is not a known field selector: only "metadata.name", "metadata.namespace"/)
  },
)

kubectlTest(
  'get of what is not there says so, and of none at all',
  async (t, kubectl) => {
    const none = await kubectl.run(['get', 'leases'])
    t.deepEqual([none.code, none.stdout], [0, ''])
    t.is(none.stderr, `No resources found in ${kubectl.namespace} namespace.\n`)
    await kubectl.outWith(manifest('other'), 'create', '-f', '-')
    const missing = await kubectl.run(['get', 'lease', 'a'])
    t.deepEqual([missing.code, missing.stdout], [1, ''])
    t.is(missing.stderr, 'Error from server (NotFound): leases.coordination.k8s.io "a" not found\n')
    t.is(await kubectl.out('get', 'lease', 'a', '--ignore-not-found'), '')
  },
  { isBasic: true },
)

kubectlTest('get of two names prints the one that is there and fails for the other', async (t, kubectl) => {
  await four(kubectl)
  const { code, stdout, stderr } = await kubectl.run(['get', 'lease', 'a', 'missing'])
  t.is(code, 1)
  t.regex(stdout, /^NAME +HOLDER +AGE\na +zoe /)
  t.regex(stderr, /\(NotFound\): leases.coordination.k8s.io "missing" not found/)
})

kubectlTest('get of two kinds puts the kind before the names', async (t, kubectl) => {
  await four(kubectl)
  const stdout = await kubectl.out('get', 'lease/a', 'namespace/default')
  t.regex(stdout, /^lease.coordination.k8s.io\/a +zoe /m)
  t.regex(stdout, /^namespace\/default +Active /m)
})

kubectlTest('get --raw gives what the server says', async (t, kubectl) => {
  await four(kubectl)
  const path = `/apis/coordination.k8s.io/v1/namespaces/${kubectl.namespace}/leases`
  const list = JSON.parse(await kubectl.out('get', '--raw', path))
  t.like(list, { kind: 'LeaseList', apiVersion: 'coordination.k8s.io/v1' })
  t.deepEqual(
    list.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
    ['a', 'b', 'c', 'd'],
  )
  t.like(JSON.parse(await kubectl.out('get', '--raw', `${path}/a`)), { kind: 'Lease', metadata: { name: 'a' } })
  t.is(await kubectl.out('get', '--raw', '/healthz'), 'ok\n')
})

kubectlTest('get --show-managed-fields tells who wrote, and is silent otherwise', async (t, kubectl) => {
  await kubectl.outWith(manifest('a', { holderIdentity: 'me' }), 'create', '-f', '-')
  const hidden = JSON.parse(await kubectl.out('get', 'lease', 'a', '-o', 'json'))
  t.is(hidden.metadata.managedFields, undefined)
  const [entry, ...others] = (await kubectl.object('a')).metadata.managedFields ?? []
  t.like(entry, { manager: 'kubectl-create', operation: 'Update', apiVersion: 'coordination.k8s.io/v1' })
  t.deepEqual(others, [])
})

kubectlTest('describe shows the object and that there are no events', async (t, kubectl) => {
  await four(kubectl)
  const stdout = await kubectl.out('describe', 'lease', 'a')
  t.regex(stdout, /^Name: +a\nNamespace: +test-\d+\nLabels: +app=one\n +tier=front\n/)
  t.regex(stdout, /^ {2}Holder Identity: +zoe$/m)
  t.regex(stdout, /^ {2}Lease Duration Seconds: +900$/m)
  t.regex(stdout, /^Events: +<none>$/m)
  const all = await kubectl.out('describe', 'leases', '-l', 'app')
  t.is(all.match(/^Name: /gm)?.length, 3)
  const { code, stderr } = await kubectl.run(['describe', 'lease', 'missing'])
  t.is(code, 1)
  t.regex(stderr, /\(NotFound\): leases.coordination.k8s.io "missing" not found/)
})

kubectlTest('a lease that is held over gRPC is shown like any other', async (t, kubectl) => {
  const client = coordinator().client(t)
  const lease60s = { namespace: kubectl.namespace, name: 'a', holderIdentity: 'me', leaseDurationMs: 60_000 }
  const hold = client.openSession().acquire(lease60s)
  await hold.whenHeld()
  t.regex(await kubectl.out('get', 'lease'), /^NAME +HOLDER +AGE\na +me +\d+s\n$/)
  const lease = await kubectl.object('a')
  t.like(lease.spec, { holderIdentity: 'me', leaseDurationSeconds: 60 })
  t.is(lease.metadata.annotations?.['leasehold.dev/fencing-token'], String(hold.fencingToken))
  t.is(lease.metadata.annotations?.['leasehold.dev/state'], 'held')
})
