import test from 'ava'
import { formatAge } from '../../clock/age.js'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day

/** Both sides of each boundary. */
const ages: [number, string][] = [
  [-2 * second, '<invalid>'],
  [-1_999, '0s'],
  [-1, '0s'],
  [0, '0s'],
  [999, '0s'],
  [second, '1s'],
  [119_999, '119s'],
  [2 * minute, '2m'],
  [2 * minute + second, '2m1s'],
  [10 * minute - 1, '9m59s'],
  [10 * minute, '10m'],
  [3 * hour - 1, '179m'],
  [3 * hour, '3h'],
  [3 * hour + minute, '3h1m'],
  [8 * hour - 1, '7h59m'],
  [8 * hour, '8h'],
  [48 * hour - 1, '47h'],
  [48 * hour, '2d'],
  [49 * hour, '2d1h'],
  [8 * day - 1, '7d23h'],
  [8 * day, '8d'],
  [2 * year - 1, '729d'],
  [2 * year, '2y'],
  [2 * year + day, '2y1d'],
  [8 * year - 1, '7y364d'],
  [8 * year, '8y'],
  [20 * year, '20y'],
]

for (const [ageMs, text] of ages) {
  test(`an age of ${ageMs} ms prints ${text}`, t => {
    t.is(formatAge(ageMs), text)
  })
}
