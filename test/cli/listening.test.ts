import { once } from 'node:events'
import { createServer } from 'node:net'
import test from 'ava'
import { isListening } from '../../cli/leasectl/listening.js'
import { freePort } from '../support/free-port.js'
import { until } from '../support/until.js'
import { VirtualClock } from '../support/virtual-clock.js'

const { signal } = new AbortController()

test('refused connections are an answer after the given time, and not before', async t => {
  const clock = new VirtualClock()
  const startMs = clock.monotonicMs()
  const answer = isListening(`127.0.0.1:${await freePort()}`, 500, { clock, signal })
  let isOver = false
  void answer.then(() => {
    isOver = true
  })
  await until(() => {
    if (clock.timerCount > 0) clock.advance(100)
    return isOver
  })
  t.false(await answer)
  t.is(clock.monotonicMs() - startMs, 500)
})

test('who starts to listen in that time is found', async t => {
  const clock = new VirtualClock()
  const port = await freePort()
  const answer = isListening(`localhost:${port}`, 500, { clock, signal })
  await until(() => clock.timerCount > 0)
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  clock.advance(100)
  t.true(await answer)
  server.close()
})

test('a name that nobody knows is left to the call to tell', async t => {
  t.true(await isListening('no-such-host.invalid:7070', 500, { clock: new VirtualClock(), signal }))
})
