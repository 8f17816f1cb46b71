import test from 'ava'
import { agent } from '../../../agents/apiserver-identity/agent.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { seededRandom } from '../../support/virtual-random.js'
import { fakeContext } from '../fake-session.js'

const defaults = {
  hostname: undefined,
  namespace: 'kube-system',
  leaseDuration: 3_600_000,
  renewInterval: 10_000,
  nameStyle: 'v1.26',
}
const name = 'kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a'

async function start(options: { hostname?: string; nameStyle?: string }, seed = 1, host = 'kind-control-plane') {
  const clock = new VirtualClock()
  const fake = fakeContext(clock, { hostname: host, random: seededRandom(seed) })
  const code = Promise.resolve(agent.run(fake.context, { ...defaults, ...options }))
  await clock.run(0)
  return { ...fake, code }
}

test("the lease is that of this host, with Kubernetes' content, and superseded from an older process", async t => {
  const { session } = await start({})
  const { holderIdentity, ...options } = session.last.options
  t.deepEqual(options, {
    namespace: 'kube-system',
    name,
    leaseDurationMs: 3_600_000,
    renewIntervalMs: 10_000,
    labels: { 'k8s.io/component': 'kube-apiserver', 'kubernetes.io/hostname': 'kind-control-plane' },
    supersede: true,
    noWait: true,
  })
  t.is(holderIdentity.length, name.length + 37)
  t.true(holderIdentity.startsWith(`${name}_`))
})

test('the holder identity is new at each start', async t => {
  const first = await start({}, 1)
  const second = await start({}, 2)
  t.not(first.session.last.options.holderIdentity, second.session.last.options.holderIdentity)
})

test('--hostname goes before the name of this host, and --name-style chooses name and label', async t => {
  const { session } = await start({ hostname: 'localhost', nameStyle: 'v1.27' })
  t.is(session.last.name, 'apiserver-l2yubf4cvcl5c7a3wrubrwqdve')
  t.is(session.last.options.labels?.['apiserver.kubernetes.io/identity'], 'kube-apiserver')
})

test("a host's name that cannot be a label is refused with the option to set", async t => {
  await t.throwsAsync(() => start({}, 1, 'x'.repeat(64)).then(({ code }) => code), { message: /set --hostname.*label/ })
})

test('exits with 3 when it is superseded, and with 0 when it is told to stop', async t => {
  const first = await start({})
  first.session.last.grant(1)
  first.session.last.lose('superseded')
  t.is(await first.code, 3)
  const second = await start({})
  second.stop()
  t.is(await second.code, 0)
  t.false(second.session.last.isReleased)
})
