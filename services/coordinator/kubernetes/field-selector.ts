/**
 * Field selectors in Kubernetes' syntax: `k=v`, `k==v` and `k!=v`, joined by commas; a backslash before a backslash, a
 * comma or an equals sign in a value makes it part of the value. Leases know two fields.
 * @see Kubernetes apimachinery, pkg/fields/selector.go
 */
import { quoted } from '../lease/field-errors.js'
import { maxSelectorBytes } from '../lease/label-selector.js'
import { badRequest } from './status.js'

export interface FieldSelector {
  /** The only name, and the only namespace, that can be selected; absent where the selector leaves it open. */
  readonly name?: string
  readonly namespace?: string
  readonly matches: (object: { readonly name: string; readonly namespace: string }) => boolean
}

/**
 * Reads a selector; '' selects everything.
 * @throws StatusError 400
 */
export function parseFieldSelector(selector: string): FieldSelector {
  if (Buffer.byteLength(selector) > maxSelectorBytes) {
    throw badRequest(`fieldSelector: must be no more than ${maxSelectorBytes} bytes`)
  }
  const terms = termsOf(selector)
    .filter(term => term !== '')
    .map(term => parseTerm(term, selector))
  const only = (field: Field): string | undefined =>
    terms.find(term => term.field === field && term.isEqual && term.value !== '')?.value
  const [name, namespace] = [only('name'), only('namespace')]
  return {
    ...(name !== undefined && { name }),
    ...(namespace !== undefined && { namespace }),
    matches: object => terms.every(({ field, value, isEqual }) => (object[field] === value) === isEqual),
  }
}

type Field = 'name' | 'namespace'

interface Term {
  readonly field: Field
  readonly value: string
  readonly isEqual: boolean
}

const fields: ReadonlyMap<string, Field> = new Map([
  ['metadata.name', 'name'],
  ['metadata.namespace', 'namespace'],
])

/** Between commas that no backslash precedes. */
const termsOf = (selector: string): readonly string[] => selector.match(/(?:\\.|[^,\\]|\\$)+/gs) ?? []

function parseTerm(term: string, selector: string): Term {
  const [, label = '', operator = '', value = ''] = /^(.*?)(!=|==|=)(.*)$/s.exec(term) ?? []
  if (operator === '') throw badRequest(`invalid selector: '${selector}'; can't understand '${term}'`)
  const field = fields.get(label)
  const wanted = literal(value)
  if (field === undefined) {
    const known = [...fields.keys()].map(quoted).join(', ')
    throw badRequest(`${quoted(label)} is not a known field selector: only ${known}`)
  }
  return { field, value: wanted, isEqual: operator !== '!=' }
}

function literal(value: string): string {
  return value.replace(/\\(.?)|[,=]/gs, (sequence, escaped: string | undefined) => {
    if (escaped !== undefined && /^[\\,=]$/.test(escaped)) return escaped
    const fault =
      escaped === undefined
        ? `unescaped character in value: ${sequence.codePointAt(0)}`
        : `invalid escape sequence: ${sequence}`
    throw badRequest(`invalid field selector: ${fault}`)
  })
}
