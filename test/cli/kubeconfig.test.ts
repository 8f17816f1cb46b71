import { KubeConfig } from '@kubernetes/client-node'
import test from 'ava'
import { runLeasectl } from '../support/leasectl.js'

/** What a client of Kubernetes makes of it. */
async function read(...args: string[]) {
  const { exitCode, stdout, stderr } = await runLeasectl('kubeconfig', ...args)
  if (exitCode !== 0) throw new Error(stderr)
  const config = new KubeConfig()
  config.loadFromString(stdout)
  return {
    server: config.getCurrentCluster()?.server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    names: [config.getCurrentCluster()?.name, config.getCurrentUser()?.name, config.getCurrentContext()],
    user: config.getCurrentUser(),
    config,
  }
}

test('a kubeconfig names the coordinator of this machine, the default namespace, and nobody', async t => {
  const { server, namespace, names, user } = await read()
  t.is(server, 'http://127.0.0.1:7071')
  t.is(namespace, 'default')
  t.deepEqual(names, ['leasehold', 'leasehold', 'leasehold'])
  t.deepEqual(
    Object.entries(user ?? {}).filter(([, value]) => value !== undefined),
    [['name', 'leasehold']],
  )
})

test('--server, --namespace and --name are the cluster, the namespace of the context, and what all is called', async t => {
  const there = await read('--server', '10.0.0.5:8080', '-n', 'shop', '--name', 'edge')
  t.like(there, { server: 'http://10.0.0.5:8080', namespace: 'shop', names: ['edge', 'edge', 'edge'] })
  t.is((await read('--server', 'https://leases.example.com/edge')).server, 'https://leases.example.com/edge')
  t.is((await read('--server', '[::1]:7071')).server, 'http://[::1]:7071')
})

test('a client that takes no server without TLS takes this one, and minds the certificate of one with TLS', async t => {
  const plain = await read()
  await t.notThrowsAsync(plain.config.applyToHTTPSOptions({}))
  t.is((await read('--server', 'https://leases.example.com')).config.getCurrentCluster()?.skipTLSVerify, false)
})

test('a server that is none is told in one line', async t => {
  for (const server of ['localhost', 'ftp://localhost:7071', 'http://', '127.0.0.1:70710']) {
    const { exitCode, stdout, stderr } = await runLeasectl('kubeconfig', '--server', server)
    t.deepEqual([exitCode, stdout], [2, ''], server)
    t.regex(stderr, /^leasectl: [^\n]*Write it as HOST:PORT, as in 127\.0\.0\.1:7071, or as a URL\.\n$/)
  }
})
