import test from 'ava'
import { Cadence } from '../../services/coordinator/cadence.js'

test('requests that wait up to 100 ms leave the cadence as it is', t => {
  const cadence = new Cadence()
  cadence.waited(100, 5_000)
  t.is(cadence.stretch(5_000), 1)
})

test('the longer requests wait, the rarer clients are to renew, down to half as often', t => {
  const cadence = new Cadence()
  cadence.waited(550, 0)
  t.is(cadence.stretch(0), 1.5)
  cadence.waited(1_000, 0)
  t.is(cadence.stretch(0), 2)
  cadence.waited(30_000, 0)
  t.is(cadence.stretch(0), 2)
})

test('the cadence comes back over a minute, and a shorter wait meanwhile does not hurry it', t => {
  const cadence = new Cadence()
  cadence.waited(1_000, 0)
  cadence.waited(0, 15_000)
  t.is(cadence.stretch(15_000), 1.75)
  cadence.waited(325, 30_000)
  t.is(cadence.stretch(30_000), 1.5)
  t.is(cadence.stretch(60_000), 1)
  t.is(cadence.stretch(3_600_000), 1)
})

test('a longer wait stretches it again', t => {
  const cadence = new Cadence()
  cadence.waited(1_000, 0)
  cadence.waited(775, 30_000)
  t.is(cadence.stretch(30_000), 1.75)
})
