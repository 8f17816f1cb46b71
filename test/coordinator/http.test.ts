import test, { type ExecutionContext } from 'ava'
import { Counter, Registry } from 'prom-client'
import { type HttpFace, startHttpFace } from '../../services/coordinator/http.js'

async function start(t: ExecutionContext, whyNotReady: () => string | undefined = () => undefined) {
  const registry = new Registry()
  new Counter({ name: 'things_total', help: 'Things.', registers: [registry] }).inc(3)
  const face = await startHttpFace({ listen: '127.0.0.1:0', registry, whyNotReady })
  t.teardown(() => face.stop())
  return face
}

const get = async (face: HttpFace, path: string, method = 'GET') => {
  const response = await fetch(`http://${face.address}${path}`, { method })
  return { code: response.status, body: await response.text(), type: response.headers.get('content-type') ?? '' }
}

test('/healthz says that the process works', async t => {
  t.like(await get(await start(t), '/healthz'), { code: 200, body: 'ok\n' })
})

test('/readyz says whether requests may come, and why not', async t => {
  let why: string | undefined
  const face = await start(t, () => why)
  t.is((await get(face, '/readyz')).code, 200)
  why = 'stopping'
  t.like(await get(face, '/readyz'), { code: 503, body: 'stopping\n' })
  t.is((await get(face, '/healthz')).code, 200)
})

test('/metrics has the registry in the text that Prometheus reads', async t => {
  const { code, body, type } = await get(await start(t), '/metrics')
  t.is(code, 200)
  t.regex(type, /^text\/plain; version=0\.0\.4/)
  t.regex(body, /^things_total 3$/m)
})

test('requests are counted by route and code, and paths that are not served together', async t => {
  const face = await start(t)
  await get(face, '/healthz')
  await get(face, '/nowhere')
  const { body } = await get(face, '/metrics')
  t.regex(body, /^http_server_requests_total\{method="GET",route="\/healthz",code="200"\} 1$/m)
  t.regex(body, /^http_server_requests_total\{method="GET",route="other",code="404"\} 1$/m)
})

test('a query after the path changes nothing', async t => {
  t.is((await get(await start(t), '/healthz?verbose')).code, 200)
})

test('other paths are not found, and / says what there is', async t => {
  const face = await start(t)
  t.is((await get(face, '/nowhere')).code, 404)
  const { code, body } = await get(face, '/')
  t.is(code, 200)
  t.deepEqual(JSON.parse(body), { paths: ['/healthz', '/livez', '/readyz', '/metrics'] })
})

test('nothing but GET and HEAD is possible', async t => {
  const face = await start(t)
  t.is((await get(face, '/healthz', 'POST')).code, 405)
  t.like(await get(face, '/healthz', 'HEAD'), { code: 200, body: '' })
})

test('an address that is taken is an error', async t => {
  const face = await start(t)
  const second = startHttpFace({ listen: face.address, registry: new Registry(), whyNotReady: () => undefined })
  await t.throwsAsync(second, { code: 'EADDRINUSE' })
})
