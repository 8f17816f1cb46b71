const second = 1
const minute = 60
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day

/**
 * How long ago something was, as kubectl's AGE column has it: two units at most, and fewer the longer ago it was.
 *
 * @param ageMs milliseconds; negative for a time in the future, as two machines' clocks may differ.
 * @see k8s.io/apimachinery pkg/util/duration HumanDuration
 */
export function formatAge(ageMs: number): string {
  const age = Math.trunc(ageMs / 1_000)
  if (age < -1) return '<invalid>'
  if (age < 0) return '0s'
  if (age < 2 * minute) return `${age}s`
  if (age < 10 * minute) return twoUnits(age, minute, 'm', second, 's')
  if (age < 3 * hour) return `${whole(age, minute)}m`
  if (age < 8 * hour) return twoUnits(age, hour, 'h', minute, 'm')
  if (age < 2 * day) return `${whole(age, hour)}h`
  if (age < 8 * day) return twoUnits(age, day, 'd', hour, 'h')
  if (age < 2 * year) return `${whole(age, day)}d`
  if (age < 8 * year) return twoUnits(age, year, 'y', day, 'd')
  return `${whole(age, year)}y`
}

const whole = (age: number, unit: number): number => Math.floor(age / unit)

/** The small unit is left out where it is zero. */
function twoUnits(age: number, great: number, greatName: string, small: number, smallName: string): string {
  const rest = whole(age % great, small)
  return `${whole(age, great)}${greatName}${rest === 0 ? '' : `${rest}${smallName}`}`
}
