/** What kubectl waits for: `get -w` and `wait`. */
import { until } from '../../support/until.js'
import { type Kubectl, kubectlTests, manifest, printed } from './kubectl-test.js'

const { kubectlTest } = kubectlTests()

const create = (kubectl: Kubectl, name: string, metadata: object = {}): Promise<string> =>
  kubectl.outWith(manifest(name, { holderIdentity: 'me' }, metadata), 'create', '-f', '-')

const hold = (kubectl: Kubectl, name: string, holderIdentity: string): Promise<string> =>
  kubectl.out('patch', 'lease', name, '--type=merge', '-p', JSON.stringify({ spec: { holderIdentity } }))

kubectlTest('get -w prints what there is, and then each change', async (t, kubectl) => {
  await create(kubectl, 'a')
  const watch = kubectl.start(['get', 'lease', '-w'])
  t.is(await printed(watch, /^a +me /), 2)
  await create(kubectl, 'b')
  t.is(await printed(watch, /^b +me /), 3)
  await hold(kubectl, 'a', 'you')
  t.is(await printed(watch, /^a +you /), 4)
  await kubectl.out('delete', 'lease', 'b')
  await create(kubectl, 'c')
  // The deletion is a row too.
  t.is(await printed(watch, /^c +me /), 6)
  t.regex(watch.lines()[4] ?? '', /^b +me /)
  await watch.stop()
})

kubectlTest('get NAME -w prints the lease once, and then its changes alone', async (t, kubectl) => {
  await create(kubectl, 'a')
  await create(kubectl, 'b')
  const watch = kubectl.start(['get', 'lease', 'a', '-w'])
  t.is(await printed(watch, /^a +me /), 2)
  await hold(kubectl, 'b', 'you')
  await hold(kubectl, 'a', 'you')
  t.is(await printed(watch, /^a +you /), 3)
  await watch.stop()
})

kubectlTest('get -w --output-watch-events says what became of each', async (t, kubectl) => {
  await create(kubectl, 'a', { labels: { app: 'one' } })
  const watch = kubectl.start(['get', 'lease', '-l', 'app=one', '-w', '--output-watch-events'])
  t.is(await printed(watch, /^ADDED +a +me /), 2)
  await hold(kubectl, 'a', 'you')
  t.is(await printed(watch, /^MODIFIED +a +you /), 3)
  await kubectl.out('label', 'lease', 'a', 'app=two', '--overwrite')
  t.is(await printed(watch, /^DELETED +a +you /), 4)
  await kubectl.out('label', 'lease', 'a', 'app=one', '--overwrite')
  await printed(watch, /^ADDED +a +you /)
  t.is(watch.lines().length, 5)
  await kubectl.out('delete', 'lease', 'a')
  await kubectl.outWith(manifest('z', {}, { labels: { app: 'one' } }), 'create', '-f', '-')
  await printed(watch, /^ADDED +z /)
  t.regex(watch.lines()[5] ?? '', /^DELETED +a +you /)
  await watch.stop()
})

kubectlTest('get --watch-only prints changes alone', async (t, kubectl) => {
  await create(kubectl, 'a')
  const watch = kubectl.start(['get', 'lease', '--watch-only', '-o', 'name'])
  // Nothing tells when the watch has begun: leases are made until it shows one.
  let count = 0
  await until(async () => {
    if (watch.lines().length === 0) await create(kubectl, `b-${count++}`)
    return watch.lines().length > 0
  })
  t.false(watch.lines().includes('lease.coordination.k8s.io/a'))
  await watch.stop()
})

kubectlTest('get -w -o json prints each state as an object', async (t, kubectl) => {
  await create(kubectl, 'a')
  const watch = kubectl.start(['get', 'lease', 'a', '-w', '-o', 'jsonpath={.spec.holderIdentity}{"\\n"}'])
  await printed(watch, /^me$/)
  await hold(kubectl, 'a', 'you')
  await printed(watch, /^you$/)
  t.deepEqual(watch.lines(), ['me', 'you'])
  await watch.stop()
})

const watchList = { KUBE_FEATURE_WatchListClient: 'true' }

for (const [how, env] of [
  ['', {}],
  [', also where it streams lists', watchList],
] as const) {
  kubectlTest(`wait --for=jsonpath ends when the field has the value${how}`, async (t, kubectl) => {
    await create(kubectl, 'a')
    const wait = kubectl.start(['wait', 'lease/a', '--for=jsonpath={.spec.holderIdentity}=you', '--timeout=100s'], {
      env,
    })
    await hold(kubectl, 'a', 'you')
    t.like(await wait.end, { code: 0, stdout: 'lease.coordination.k8s.io/a condition met\n' })
    const again = await kubectl.run(
      ['wait', 'lease/a', '--for=jsonpath={.spec.holderIdentity}=you', '--timeout=100s'],
      { env },
    )
    t.is(again.code, 0)
  })

  kubectlTest(`wait --for=delete ends when the lease is gone${how}`, async (t, kubectl) => {
    await create(kubectl, 'a')
    const wait = kubectl.start(['wait', 'lease/a', '--for=delete', '--timeout=100s'], { env })
    await kubectl.out('delete', 'lease', 'a')
    t.is((await wait.end).code, 0)
  })
}

kubectlTest('wait ends with 1 when its time is over', async (t, kubectl) => {
  await create(kubectl, 'a')
  const { code, stderr } = await kubectl.run([
    'wait',
    'lease/a',
    '--for=jsonpath={.spec.holderIdentity}=you',
    '--timeout=1s',
  ])
  t.is(code, 1)
  t.regex(stderr, /timed out waiting for the condition on leases\/a/)
})

kubectlTest(
  'wait --for=create ends when the lease is there',
  async (t, kubectl) => {
    const wait = kubectl.start(['wait', 'lease/a', '--for=create', '--timeout=100s'])
    await create(kubectl, 'a')
    t.like(await wait.end, { code: 0, stdout: 'lease.coordination.k8s.io/a condition met\n' })
  },
  { sinceMinor: 31 },
)
