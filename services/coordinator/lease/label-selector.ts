/**
 * Label selectors in Kubernetes' syntax: requirements joined by commas, all of which must be met.
 *
 *     k   !k   k=v   k==v   k!=v   k in (a,b)   k notin (a,b)   k>1   k<1
 *
 * `!=` and `notin` are also met by an object without the key; `=` without a value means the empty one.
 * @see Kubernetes apimachinery, pkg/labels/selector.go
 */
import { invalidRequest } from './errors.js'
import { invalid } from './field-errors.js'
import { labelValueFaults, qualifiedNameFaults } from './name-rules.js'

export type Labels = Readonly<Record<string, string>>

/** Whether some labels are selected. */
export type LabelPredicate = (labels: Labels | undefined) => boolean

/** The most bytes of a selector: it is evaluated for every lease and every change. */
export const maxSelectorBytes = 4096

/**
 * Reads a selector; '' selects everything.
 * @param field the selector's path in the request, for the violation.
 * @throws LeaseError INVALID_REQUEST
 */
export function parseLabelSelector(selector: string, field: string): LabelPredicate {
  if (Buffer.byteLength(selector) > maxSelectorBytes) {
    throw invalidRequest([{ field, description: `must be no more than ${maxSelectorBytes} bytes` }])
  }
  try {
    const requirements = new SelectorParser(selector).parse()
    return labels => requirements.every(meets => meets(labels ?? noLabels))
  } catch (error) {
    if (error instanceof SelectorError) throw invalidRequest([{ field, description: error.message }])
    throw error
  }
}

const noLabels: Labels = {}

class SelectorError extends Error {}

type Requirement = (labels: Labels) => boolean

const operators = ['in', 'notin', '=', '==', '!=', 'gt', 'lt'] as const
type Operator = (typeof operators)[number]

const operatorOf: Readonly<Record<string, Operator | undefined>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
}

/** Recursive descent over the tokens; the end is the token ''. */
class SelectorParser {
  readonly #tokens: readonly string[]
  #position = 0

  constructor(selector: string) {
    this.#tokens = selector.match(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g) ?? []
  }

  parse(): readonly Requirement[] {
    const requirements: Requirement[] = []
    if (this.#next === '') return requirements
    if (!isIdentifier(this.#next) && this.#next !== '!') {
      throw new SelectorError(`found '${this.#next}', expected: !, identifier, or 'end of string'`)
    }
    for (;;) {
      requirements.push(this.#requirement())
      const separator = this.#take()
      if (separator === '') return requirements
      if (separator !== ',') throw new SelectorError(`found '${separator}', expected: ',' or 'end of string'`)
      if (!isIdentifier(this.#next) && this.#next !== '!') {
        throw new SelectorError(`found '${this.#next}', expected: identifier after ','`)
      }
    }
  }

  #requirement(): Requirement {
    const isNegated = this.#next === '!'
    if (isNegated) this.#take()
    const key = this.#take()
    if (!isIdentifier(key)) throw requirementError(`found '${key}', expected: identifier`)
    const faults = qualifiedNameFaults(key)
    if (faults.length > 0) throw requirementError(faultOf('<nil>', key, faults))
    if (isNegated) return labels => !has(labels, key)
    if (this.#next === '' || this.#next === ',') return labels => has(labels, key)
    return this.#comparison(key)
  }

  #comparison(key: string): Requirement {
    const token = this.#take()
    const operator = operatorOf[token]
    if (operator === undefined) throw requirementError(`found '${token}', expected: ${operators.join(', ')}`)
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#value()]
    values.forEach((value, index) => {
      const isNumber = operator !== 'gt' && operator !== 'lt' ? true : integer(value) !== undefined
      const wrong = "for 'Gt', 'Lt' operators, the value must be an integer"
      if (!isNumber) throw requirementError(faultOf(`values[${index}]`, value, [wrong]))
      const faults = labelValueFaults(value)
      if (faults.length > 0) throw requirementError(faultOf(`values[${index}][${key}]`, value, faults))
    })
    return requirementOf(key, operator, values)
  }

  #value(): string {
    if (this.#next === '' || this.#next === ',') return ''
    const value = this.#take()
    if (!isIdentifier(value)) throw requirementError(`found '${value}', expected: identifier`)
    return value
  }

  /** `(a,b)`; an empty place between commas or parentheses is the empty value. */
  #values(): readonly string[] {
    const open = this.#take()
    if (open !== '(') throw requirementError(`found '${open}' expected: '('`)
    const values: string[] = []
    for (;;) {
      values.push(isIdentifier(this.#next) ? this.#take() : '')
      const separator = this.#take()
      if (separator === ')') return values
      if (separator !== ',') throw requirementError(`found '${separator}', expected: ',' or ')'`)
    }
  }

  get #next(): string {
    return this.#tokens[this.#position] ?? ''
  }

  #take(): string {
    const token = this.#next
    this.#position++
    return token
  }
}

/** Kubernetes' name of what is wrong with a key or a value in a requirement. */
const faultOf = (field: string, value: string, faults: readonly string[]): string =>
  `${field}: ${invalid(field, value, faults.join('; ')).description}`

const requirementError = (message: string): SelectorError =>
  new SelectorError(`unable to parse requirement: ${message}`)

/** A key or a value; `in` and `notin` are also that, except where an operator is expected. */
const isIdentifier = (token: string): boolean => token !== '' && !/^[=!(),<>]/.test(token)

const has = (labels: Labels, key: string): boolean => Object.hasOwn(labels, key)

function requirementOf(key: string, operator: Operator, values: readonly string[]): Requirement {
  const isListed = (labels: Labels) => has(labels, key) && values.includes(labels[key] ?? '')
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return isListed
    case 'notin':
    case '!=':
      return labels => !isListed(labels)
    case 'gt':
    case 'lt': {
      const bound = integer(values[0] ?? '') ?? 0n
      return labels => {
        const value = has(labels, key) ? integer(labels[key] ?? '') : undefined
        return value !== undefined && (operator === 'gt' ? value > bound : value < bound)
      }
    }
  }
}

/** A whole number of 64 bits. */
function integer(value: string): bigint | undefined {
  if (!/^[+-]?\d{1,19}$/.test(value)) return undefined
  const number = BigInt(value.replace('+', ''))
  return BigInt.asIntN(64, number) === number ? number : undefined
}
