/**
 * Fields at fault in Kubernetes' words: `<kind of fault>: <the value>: <what is wrong>`, on which its clients match.
 * @see Kubernetes apimachinery, pkg/util/validation/field
 */
import type { FieldViolation } from './errors.js'

/** A value that breaks a rule. Strings are quoted as Go does it, anything else is shown as JSON. */
export function invalid(field: string, value: unknown, detail: string): FieldViolation {
  return { field, description: `Invalid value: ${typeof value === 'string' ? quoted(value) : shown(value)}: ${detail}` }
}

/** A value that must be there and is not. */
export function required(field: string, detail = ''): FieldViolation {
  return { field, description: detail === '' ? 'Required value' : `Required value: ${detail}` }
}

/** A value that would be fine in another place. */
export function forbidden(field: string, detail: string): FieldViolation {
  return { field, description: `Forbidden: ${detail}` }
}

/** A value that is not one of the few that exist. */
export function notSupported(field: string, value: string, supported: readonly string[]): FieldViolation {
  const list = supported.map(quoted).join(', ')
  return { field, description: `Unsupported value: ${quoted(value)}: supported values: ${list}` }
}

/** A value of too many bytes; it is not shown. */
export function tooLong(field: string, maxBytes: number): FieldViolation {
  return { field, description: `Too long: may not be more than ${maxBytes} bytes` }
}

/** A list or map of too many items. */
export function tooMany(field: string, items: number, maxItems: number): FieldViolation {
  return { field, description: `Too many: ${items}: must have at most ${maxItems} items` }
}

const shown = (value: unknown): string => JSON.stringify(value) ?? String(value)

const short: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}

/** A string as Go's %q shows it: what cannot be printed is escaped. */
export function quoted(value: string): string {
  return `"${value.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, escaped)}"`
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (short[character] !== undefined) return short[character]
  if (code < 0x80) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
