import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import test from 'ava'
import { requireFreePorts } from '../../../scripts/up/ports.js'

test('a port in use is one line that says which, who needs it and what to change', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const needed = { host: '127.0.0.1', port, user: 'coordinator', variable: 'UP_LISTEN=127.0.0.1:PORT' }
  const error = await t.throwsAsync(requireFreePorts([needed]))
  t.is(
    error.message,
    `port ${port} on 127.0.0.1 is in use, and the coordinator needs it: stop what listens there, or choose another port with UP_LISTEN=127.0.0.1:PORT`,
  )
})

test('a host that is not here is told by its code', async t => {
  const needed = { host: '192.0.2.1', port: 9, user: 'coordinator', variable: 'UP_LISTEN=127.0.0.1:PORT' }
  const error = await t.throwsAsync(requireFreePorts([needed]))
  t.regex(error.message, /^port 9 on 192\.0\.2\.1 cannot be used \(E[A-Z]+\)/)
})
