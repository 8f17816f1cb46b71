import test from 'ava'
import { systemRandom, uuid } from '../../clock/random.js'

test('bytes are never given twice, whatever their number', t => {
  const given = [16, 1, 4_095, 4_096, 5_000, 16, 16].map(size => Buffer.from(systemRandom.bytes(size)).toString('hex'))
  t.deepEqual(
    given.map(hex => hex.length / 2),
    [16, 1, 4_095, 4_096, 5_000, 16, 16],
  )
  t.is(new Set(given).size, given.length)
})

test('a thousand UUIDs differ, and are of version 4', t => {
  const uuids = Array.from({ length: 1_000 }, () => uuid(systemRandom))
  t.is(new Set(uuids).size, uuids.length)
  for (const one of uuids) t.regex(one, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('what was given stays as it is', t => {
  const first = systemRandom.bytes(8)
  const kept = Buffer.from(first).toString('hex')
  for (let i = 0; i < 2_000; i++) systemRandom.bytes(8)
  t.is(Buffer.from(first).toString('hex'), kept)
})
