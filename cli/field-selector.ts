import type { Lease, LeaseState, ListQuery } from '../client/index.js'

/** Which leases, by what their fields say. */
export interface FieldSelector {
  /** What of it the coordinator itself can select by; `matches` still has to be asked. */
  readonly query: Pick<ListQuery, 'holderIdentity' | 'state'>
  matches(lease: Lease): boolean
}

interface Term {
  readonly field: Field
  readonly value: string
  readonly isEqual: boolean
}

/** Kubernetes' own two, and two that only leases have. */
const fields = {
  'metadata.name': (lease: Lease) => lease.name,
  'metadata.namespace': (lease: Lease) => lease.namespace,
  'spec.holderIdentity': (lease: Lease) => lease.holderIdentity ?? '',
  state: (lease: Lease) => lease.state,
} as const
type Field = keyof typeof fields

const states: readonly LeaseState[] = ['unheld', 'held', 'expired', 'released']

/**
 * Reads a field selector in kubectl's syntax: FIELD=VALUE, FIELD==VALUE or FIELD!=VALUE, joined by commas that all must
 * hold; a backslash stands before a comma, an equals sign or a backslash in a value.
 *
 * @throws Error whose message says which fields there are.
 */
export function parseFieldSelector(text: string): FieldSelector {
  const terms = (text.match(/(?:\\.|[^\\,])+/g) ?? []).map(parseTerm)
  const equal = (field: Field) => terms.find(term => term.isEqual && term.field === field)?.value
  const holderIdentity = equal('spec.holderIdentity')
  const state = states.find(state => state === equal('state'))
  return {
    query: { ...(holderIdentity === undefined ? {} : { holderIdentity }), ...(state === undefined ? {} : { state }) },
    matches: lease => terms.every(({ field, value, isEqual }) => (fields[field](lease) === value) === isEqual),
  }
}

function parseTerm(text: string): Term {
  const [, name = '', operator = '', raw = ''] = /^([^!=]*)(!=|==?)(.*)$/.exec(text) ?? []
  if (operator === '') throw new Error(`"${text}" is no field selector: write it as in metadata.name=kube-scheduler`)
  if (!isField(name)) throw new Error(`there is no selecting by "${name}": use ${oneOf(Object.keys(fields))}`)
  const value = raw.replaceAll(/\\(.)/g, '$1')
  if (name === 'state' && !states.some(state => state === value)) {
    throw new Error(`there is no state "${value}": use ${oneOf(states)}`)
  }
  return { field: name, value, isEqual: operator !== '!=' }
}

const isField = (name: string): name is Field => Object.hasOwn(fields, name)

const oneOf = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
