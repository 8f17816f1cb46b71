/** What kubectl asks around leases: versions, discovery, explanations, namespaces, events, and who one is. */
import { runLeasectl } from '../../support/leasectl.js'
import { kubectlTests, manifest } from './kubectl-test.js'

const { kubectlTest } = kubectlTests()

kubectlTest('version tells that of the server', async (t, kubectl) => {
  t.regex(await kubectl.out('version'), /^Server Version: .*v1\.\d+\.0-leasehold/m)
  const { serverVersion } = JSON.parse(await kubectl.out('version', '-o', 'json'))
  t.is(serverVersion.major, '1')
})

kubectlTest('api-resources lists leases with their verbs, and api-versions their group', async (t, kubectl) => {
  t.regex(await kubectl.out('api-resources'), /^leases +coordination.k8s.io\/v1 +true +Lease *$/m)
  const wide = await kubectl.out('api-resources', '-o', 'wide', '--api-group=coordination.k8s.io')
  t.regex(wide, /^leases .* create,delete,deletecollection,get,list,patch,update,watch/m)
  t.regex(await kubectl.out('api-resources', '--namespaced=false', '-o', 'name'), /^namespaces$/m)
  t.regex(await kubectl.out('api-versions'), /^coordination.k8s.io\/v1$/m)
})

kubectlTest('explain explains a lease and each of its fields', async (t, kubectl) => {
  t.regex(await kubectl.out('explain', 'lease'), /^KIND: +Lease$/m)
  const spec = await kubectl.out('explain', 'lease.spec')
  for (const field of ['acquireTime', 'holderIdentity', 'leaseDurationSeconds', 'leaseTransitions', 'renewTime']) {
    t.regex(spec, new RegExp(`^ +${field}\t?`, 'm'))
  }
  t.regex(await kubectl.out('explain', 'lease.spec.holderIdentity'), /holderIdentity <string>/)
  t.regex(await kubectl.out('explain', 'lease', '--recursive'), /holderIdentity\t<string>/)
  const { code, stderr } = await kubectl.run(['explain', 'lease.spec.bogus'])
  t.is(code, 1)
  t.regex(stderr, /field "bogus" does not exist/)
})

kubectlTest('cluster-info says where the control plane is', async (t, kubectl) => {
  t.regex(await kubectl.out('cluster-info'), /Kubernetes control plane.* is running at .*http:\/\/127\.0\.0\.1:\d+/)
})

kubectlTest('there are no events and no services', async (t, kubectl) => {
  for (const args of [['events'], ['get', 'events'], ['get', 'services'], ['get', 'events', '-A']]) {
    const { code, stdout, stderr } = await kubectl.run(args)
    t.deepEqual([code, stdout], [0, ''], args.join(' '))
    t.regex(stderr, /^No (resources|events) found/, args.join(' '))
  }
  const lease = manifest('a')
  await kubectl.outWith(lease, 'create', '-f', '-')
  t.regex((await kubectl.run(['events', '--for', 'lease/a'])).stderr, /^No events found/)
})

kubectlTest('a namespace is there while it has a lease', async (t, kubectl) => {
  const { namespace } = kubectl
  t.is(await kubectl.out('create', 'namespace', namespace), `namespace/${namespace} created\n`)
  const before = await kubectl.run(['get', 'namespace', namespace])
  t.is(before.code, 1)
  t.regex(before.stderr, new RegExp(`\\(NotFound\\): namespaces "${namespace}" not found`))
  await kubectl.outWith(manifest('a'), 'create', '-f', '-')
  t.regex(await kubectl.out('get', 'ns', namespace), new RegExp(`^NAME +STATUS +AGE\n${namespace} +Active `))
  t.regex(await kubectl.out('get', 'ns'), new RegExp(`^${namespace} +Active `, 'm'))
  const again = await kubectl.run(['create', 'namespace', namespace])
  t.is(again.code, 1)
  t.regex(again.stderr, new RegExp(`\\(AlreadyExists\\): namespaces "${namespace}" already exists`))
  t.regex(await kubectl.out('delete', 'namespace', namespace), new RegExp(`^namespace "${namespace}" deleted`))
  t.is(await kubectl.out('get', 'lease', '-o', 'name'), '')
})

kubectlTest('the namespaces of a cluster are always there, and three of them stay', async (t, kubectl) => {
  const names = await kubectl.out('get', 'ns', '-o', 'name')
  for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system']) {
    t.true(names.split('\n').includes(`namespace/${name}`), name)
  }
  const { code, stderr } = await kubectl.run(['delete', 'namespace', 'kube-system'])
  t.is(code, 1)
  t.regex(stderr, /\(Forbidden\): namespaces "kube-system" is forbidden/)
})

kubectlTest('apply takes a namespace and a lease in it from one file', async (t, kubectl) => {
  const { namespace } = kubectl
  const both = {
    apiVersion: 'v1',
    kind: 'List',
    items: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, manifest('a', {}, { namespace })],
  }
  t.is(
    await kubectl.outWith(both, 'apply', '-f', '-'),
    `namespace/${namespace} created\nlease.coordination.k8s.io/a created\n`,
  )
  t.is((await kubectl.run(['apply', '-f', '-'], { input: JSON.stringify(both) })).code, 0)
})

kubectlTest('auth can-i says what is served', async (t, kubectl) => {
  for (const verb of ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']) {
    t.is(await kubectl.out('auth', 'can-i', verb, 'leases'), 'yes\n', verb)
  }
  const { code, stdout } = await kubectl.run(['auth', 'can-i', 'create', 'pods'])
  t.is(code, 1)
  t.regex(stdout, /^no/)
  const list = await kubectl.out('auth', 'can-i', '--list')
  t.regex(
    list,
    /^leases.coordination.k8s.io +\[\] +\[\] +\[create delete deletecollection get list patch update watch\]/m,
  )
})

kubectlTest('auth whoami says that nobody is asked who they are', async (t, kubectl) => {
  t.regex(await kubectl.out('auth', 'whoami'), /^Username +system:anonymous$/m)
})

kubectlTest('the kubeconfig that leasectl prints is all that is needed', async (t, kubectl) => {
  const { namespace, server } = kubectl
  const { stdout } = await runLeasectl('-n', namespace, 'kubeconfig', '--server', server)
  const configured = ['--kubeconfig', kubectl.file('leasehold.kubeconfig', stdout)]
  await kubectl.outWith(manifest('a', { holderIdentity: 'me' }), ...configured, 'create', '-f', '-')
  t.regex(
    await kubectl.out(...configured, 'get', 'leases', '-A', '-o', 'wide'),
    /^NAMESPACE +NAME +HOLDER +AGE +STATE /,
  )
  t.is(await kubectl.out('get', 'lease', '-o', 'name'), 'lease.coordination.k8s.io/a\n')
})

kubectlTest('a change that is not to be made is answered, and not made', async (t, kubectl) => {
  const dryRun = '--dry-run=server'
  t.regex(await kubectl.out('create', 'namespace', 'other', dryRun), /^namespace\/other created \(server dry run\)$/m)
  await kubectl.outWith(manifest('a'), 'create', '-f', '-')
  t.regex(await kubectl.out('delete', 'namespace', kubectl.namespace, dryRun), /deleted.*\(server dry run\)$/m)
  t.is(await kubectl.out('get', 'lease', '-o', 'name'), 'lease.coordination.k8s.io/a\n')
})

kubectlTest('who asks in the name of another is refused', async (t, kubectl) => {
  const { code, stderr } = await kubectl.run(['get', 'leases', '--as=somebody'])
  t.is(code, 1)
  t.regex(stderr, /forbidden/i)
})

kubectlTest('what is not served is said to be not there', async (t, kubectl) => {
  const { code, stderr } = await kubectl.run(['get', 'pods'])
  t.is(code, 1)
  t.regex(stderr, /the server doesn't have a resource type "pods"/)
})
