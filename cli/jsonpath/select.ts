import { JsonPathError, type Literal, type Operand, type Operator, type Path, type Step } from './path.js'

/**
 * The values that a path comes to from this one, in order; a field that is not there comes to none.
 *
 * @throws JsonPathError for an index that is not there, and for a comparison of different kinds.
 */
export const select = (path: Path, value: unknown): unknown[] => selectAll(path, [value])

const selectAll = (path: Path, from: readonly unknown[]): unknown[] =>
  path.reduce<unknown[]>(
    (values, step) =>
      step.type === 'union'
        ? step.choices.flatMap(choice => selectAll(choice, values))
        : values.flatMap(value => follow(step, value)),
    [...from],
  )

function follow(step: Exclude<Step, { type: 'union' }>, value: unknown): unknown[] {
  switch (step.type) {
    case 'field':
      return isMap(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : []
    case 'all':
      return children(value)
    case 'descend':
      return [value, ...children(value).flatMap(child => follow(step, child))]
    case 'index':
      return [elementAt(listOf(value), step.index)]
    case 'slice':
      return listOf(value)
        .slice(step.from, step.to)
        .filter((_, index) => index % step.step === 0)
    case 'filter':
      return children(value).filter(child => holds(step.left, step.operator, step.right, child))
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const children = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : isMap(value) ? Object.values(value) : []

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  throw new JsonPathError(`jsonpath: ${JSON.stringify(value)} is not a list`)
}

function elementAt(list: readonly unknown[], index: number): unknown {
  const element = list.at(index)
  if (element === undefined) throw new JsonPathError(`jsonpath: there is no [${index}] in a list of ${list.length}`)
  return element
}

/** Where either side comes to nothing, nothing holds. */
function holds(left: Operand, operator: Operator | '', right: Operand, value: unknown): boolean {
  const [a] = valuesOf(left, value)
  if (operator === '') return a !== undefined
  const [b] = valuesOf(right, value)
  return a !== undefined && b !== undefined && compares[operator](comparable(a, b), comparable(b, a))
}

const valuesOf = (operand: Operand, value: unknown): unknown[] =>
  'path' in operand ? select(operand.path, value) : [operand.literal]

const compares: Record<Operator, (a: Literal, b: Literal) => boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

function comparable(value: unknown, other: unknown): Literal {
  const isLiteral = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  if (isLiteral && typeof value === typeof other) return value
  const [a, b] = [value, other].map(side => JSON.stringify(side))
  throw new JsonPathError(`jsonpath: ${a} and ${b} cannot be compared`)
}
