import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import anyTest, { type TestFn } from 'ava'
import { type KubernetesFixture, leasesPath, startKubernetes } from '../../support/kubernetes.js'

const test = anyTest as TestFn<KubernetesFixture>

test.beforeEach(async t => {
  t.context = await startKubernetes()
})

test.afterEach.always(t => t.context.stop())

const watchPath = `${leasesPath()}?watch=true`

test('a watch as somebody else is refused like any request', async t => {
  const { code, body } = await t.context.call('GET', watchPath, { headers: { 'impersonate-user': 'admin' } })
  t.is(code, 403)
  t.is(body.reason, 'Forbidden')
})

test('a watch over a WebSocket is answered without one, and at once', async t => {
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const asking = request(`http://${t.context.address}${watchPath}`, { headers: upgrade }).end()
  // The event has one argument.
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  t.is(answer.statusCode, 200)
  t.deepEqual(await answer.toArray(), [])
})
