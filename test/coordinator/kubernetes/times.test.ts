import test from 'ava'
import fc from 'fast-check'
import { parseMicroTime, parseTime, TimeError } from '../../../services/coordinator/kubernetes/times.js'
import { microTime, secondsTime } from '../../../services/coordinator/lease/kubernetes-shape.js'

const microForm = '2006-01-02T15:04:05.000000Z07:00'

test('a MicroTime is read to the microsecond', t => {
  t.is(parseMicroTime('2026-01-02T03:04:05.678901Z'), 1_767_323_045_678_901)
})

test('an offset is taken into account', t => {
  const utc = parseMicroTime('2026-01-02T03:04:05.678901Z')
  t.is(parseMicroTime('2026-01-02T05:04:05.678901+02:00'), utc)
  t.is(parseMicroTime('2026-01-01T21:34:05.678901-05:30'), utc)
})

test('times of year 1 are exact, and its first moment is none', t => {
  t.is(parseMicroTime('0001-01-01T00:00:02.000000Z'), -62_135_596_798_000_000n)
  t.is(parseMicroTime('0001-01-01T00:00:00.000001Z'), -62_135_596_799_999_999n)
  t.is(parseMicroTime('0001-01-01T00:00:00.000000Z'), undefined)
  t.is(parseTime('0001-01-01T00:00:00Z'), undefined)
})

const refused: readonly (readonly [string, string])[] = [
  ['2026-01-01T00:00:00Z', ` as "${microForm}": cannot parse "Z" as ".000000"`],
  ['2026-01-01T00:00:00.278Z', ` as "${microForm}": cannot parse ".278Z" as ".000000"`],
  ['2026-01-01T00:00:00.123456789Z', ` as "${microForm}": cannot parse "789Z" as "Z07:00"`],
  ['2026-01-01T00:00:00.123456z', ` as "${microForm}": cannot parse "z" as "Z07:00"`],
  ['2026-01-01T00:00:00.123456+0200', ` as "${microForm}": cannot parse "+0200" as "Z07:00"`],
  ['2026-01-01 00:00:00.123456Z', ` as "${microForm}": cannot parse " 00:00:00.123456Z" as "T"`],
  ['nope', ` as "${microForm}": cannot parse "nope" as "2006"`],
  ['', ` as "${microForm}": cannot parse "" as "2006"`],
  ['2026-01-01T00:00:00.123456Z trailing', ': extra text: " trailing"'],
  ['2026-13-01T00:00:00.123456Z', ': month out of range'],
  ['2026-02-30T00:00:00.123456Z', ': day out of range'],
  ['2026-02-20T24:00:00.123456Z', ': hour out of range'],
  ['2026-02-20T24:00:00.123Z', ': hour out of range'],
  ['2026-02-20T23:00:60.123456Z', ': second out of range'],
  ['2026-01-01T00:00:00.123456+25:00', ': time zone offset hour out of range'],
]

for (const [text, why] of refused) {
  test(`${JSON.stringify(text)} is no MicroTime, in the words of Go`, t => {
    t.throws(() => parseMicroTime(text), {
      instanceOf: TimeError,
      message: `parsing time ${JSON.stringify(text)}${why}`,
    })
  })
}

test('a Time is cut to whole seconds', t => {
  t.is(parseTime('2026-01-02T03:04:05Z'), 1_767_323_045)
  t.is(parseTime('2026-01-02T04:04:05.9+01:00'), 1_767_323_045)
  t.throws(() => parseTime('2026-01-02'), { message: /cannot parse "" as "T"$/ })
})

test('a time that would leave the four digits of its year is refused', t => {
  t.throws(() => parseMicroTime('9999-12-31T23:00:00.000000-02:00'), { message: /year out of range/ })
  t.is(parseTime('0000-01-01T00:00:00Z'), -62_167_219_200)
})

test('what was written is read', t => {
  const micros = fc.bigInt({ min: -62_135_596_799_999_999n, max: 253_402_300_799_999_999n })
  fc.assert(fc.property(micros, time => t.is(BigInt(parseMicroTime(microTime(time)) ?? 0), time)))
  const seconds = fc.integer({ min: -62_135_596_799, max: 253_402_300_799 })
  fc.assert(fc.property(seconds, time => t.is(parseTime(secondsTime(time)), time)))
})

test('any text is a time or refused', t => {
  const piece = fc.constantFrom('2026', '-', '01', '02', 'T', ':', '.', '123456', 'Z', '+02:00', '٣', ' ', '\0')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece).map(pieces => pieces.join('')),
      ),
      text => {
        for (const parse of [parseMicroTime, parseTime]) {
          try {
            parse(text)
          } catch (error) {
            if (!(error instanceof TimeError)) throw error
          }
        }
      },
    ),
  )
  t.pass()
})
