/**
 * The times of Kubernetes' objects, read as Go's time.Parse reads them: what it refuses is refused, in its words, since
 * a client whose times have another form (JavaScript's have three digits) finds the cause by them.
 * @see Kubernetes apimachinery, pkg/apis/meta/v1/micro_time.go
 */
import type { MicroTime } from '../lease/lease.js'

/** A text that is no time; the message says where it differs from the form. */
export class TimeError extends Error {}

/**
 * A MicroTime: exactly six digits of a second, in UTC or with an offset.
 * @returns microseconds since the Unix epoch; undefined for the first moment of year 1, which means that none is set.
 * @throws TimeError
 */
export function parseMicroTime(text: string): MicroTime | undefined {
  const { seconds, fraction } = parse(text, microLayout)
  if (seconds === zeroSeconds && Number(fraction) === 0) return undefined
  const micros = seconds * 1e6 + Number(fraction)
  return Number.isSafeInteger(micros) ? micros : BigInt(seconds) * 1_000_000n + BigInt(fraction)
}

/**
 * A Time: RFC 3339, cut to whole seconds.
 * @returns seconds since the Unix epoch; undefined for the first moment of year 1.
 * @throws TimeError
 */
export function parseTime(text: string): number | undefined {
  const { seconds } = parse(text, secondsLayout)
  return seconds === zeroSeconds ? undefined : seconds
}

/** Where Go's time begins: 0001-01-01. */
export const zeroSeconds = -62_135_596_800

/** What a time must look like, as Go writes it. */
const secondsLayout = '2006-01-02T15:04:05Z07:00'
const microLayout = '2006-01-02T15:04:05.000000Z07:00'

const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/

function parse(text: string, layout: string): { seconds: number; fraction: string } {
  const match = form.exec(text)
  if (match === null || (layout === microLayout && match[7]?.length !== 6)) throw unlike(text, layout)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const [offsetHour, offsetMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)]
  for (const [part, number] of [
    ['01', month],
    ['15', hour],
    ['04', minute],
    ['05', second],
  ] as const) {
    checkRange(text, part, number)
  }
  inRange(text, 'time zone offset hour', offsetHour <= 24)
  inRange(text, 'time zone offset minute', offsetMinute <= 60)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  inRange(text, 'day', date.getUTCDate() === day)
  date.setUTCHours(hour, minute, second)
  const offset = (offsetHour * 60 + offsetMinute) * 60 * (match[8] === '-' ? -1 : 1)
  const seconds = date.getTime() / 1e3 - offset
  inRange(text, 'year', seconds >= firstSeconds && seconds <= lastSeconds)
  return { seconds, fraction: match[7] ?? '0' }
}

/** Years 0 to 9999, in UTC: others cannot be written with four digits. */
const firstSeconds = -62_167_219_200
const lastSeconds = 253_402_300_799

function inRange(text: string, part: string, isIn: boolean): void {
  if (!isIn) throw new TimeError(`parsing time ${JSON.stringify(text)}: ${part} out of range`)
}

/** What is looked at while a time is read; the day is looked at when all is read. */
const ranges: Readonly<Record<string, readonly [string, number, number] | undefined>> = {
  '01': ['month', 1, 12],
  '15': ['hour', 0, 23],
  '04': ['minute', 0, 59],
  '05': ['second', 0, 59],
}

function checkRange(text: string, part: string, number: number): void {
  const [name = '', least = 0, most = 0] = ranges[part] ?? []
  if (name !== '') inRange(text, name, number >= least && number <= most)
}

/** The parts of a layout, and what each reads. */
const parts: readonly (readonly [string, RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d\d/],
  ['-', /^-/],
  ['02', /^\d\d/],
  ['T', /^T/],
  ['15', /^\d\d/],
  [':', /^:/],
  ['04', /^\d\d/],
  [':', /^:/],
  ['05', /^\d\d/],
  ['.000000', /^[.,]\d{6}/],
  ['Z07:00', /^(?:Z|[+-]\d\d:\d\d)/],
]

/** Which part of the layout the text does not have. */
function unlike(text: string, layout: string): TimeError {
  let rest = text
  for (const [part, pattern] of parts) {
    if (part === '.000000' && layout === secondsLayout) {
      rest = rest.replace(/^[.,]\d+/, '')
      continue
    }
    const length = pattern.exec(rest)?.[0].length
    if (length === undefined) {
      const [time, at] = [JSON.stringify(text), JSON.stringify(rest)]
      return new TimeError(`parsing time ${time} as "${layout}": cannot parse ${at} as "${part}"`)
    }
    checkRange(text, part, Number(rest.slice(0, length)))
    rest = rest.slice(length)
  }
  return new TimeError(`parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`)
}
