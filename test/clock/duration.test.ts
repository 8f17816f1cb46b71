import test from 'ava'
import { formatDuration, parseDuration } from '../../clock/duration.js'

const pairs: [string, number][] = [
  ['15s', 15_000],
  ['1m30s', 90_000],
  ['500ms', 500],
  ['1h2m3s4ms', 3_723_004],
  ['40s', 40_000],
]

for (const [text, durationMs] of pairs) {
  test(`${text} is ${durationMs} ms, both ways`, t => {
    t.is(parseDuration(text), durationMs)
    t.is(formatDuration(durationMs), text)
  })
}

test('a fraction is read, to the ms', t => {
  t.is(parseDuration('1.5s'), 1_500)
  t.is(parseDuration('0.25m'), 15_000)
})

test('nothing is 0 and 0s', t => {
  t.is(parseDuration('0'), 0)
  t.is(parseDuration('0s'), 0)
  t.is(formatDuration(0), '0s')
})

for (const text of ['', '15', 's', '-1s', '1 s', '1d', '5s later', `${'9'.repeat(20)}h`]) {
  test(`"${text}" is refused with a message that quotes it and shows the form`, t => {
    const error = t.throws(() => parseDuration(text))
    t.true(error.message.startsWith(`"${text}" is not a duration`))
    t.regex(error.message, /1m30s/)
  })
}
