/** One step of a path, from each value that the steps before it came to. */
export type Step =
  /** .name, or ['name'], and each of ['name.name'] */
  | { readonly type: 'field'; readonly name: string }
  /** .* or [*]: all elements, or all values */
  | { readonly type: 'all' }
  /** ..: the value and all that is in it */
  | { readonly type: 'descend' }
  /** [n], from the end where negative */
  | { readonly type: 'index'; readonly index: number }
  /** [from:to:step] */
  | {
      readonly type: 'slice'
      readonly from: number | undefined
      readonly to: number | undefined
      readonly step: number
    }
  /** [a,b]: the first from all values, then the second */
  | { readonly type: 'union'; readonly choices: readonly Path[] }
  /** [?(left operator right)]; without an operator: where there is such a value */
  | { readonly type: 'filter'; readonly left: Operand; readonly operator: Operator | ''; readonly right: Operand }

export type Path = readonly Step[]
export type Operator = '==' | '!=' | '<=' | '>=' | '<' | '>'
export type Literal = string | number | boolean
export type Operand = { readonly path: Path } | { readonly literal: Literal }

/** A template or a path that says nothing, or nothing here; the message is one line for people. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError'
}

const operators: readonly Operator[] = ['==', '!=', '<=', '>=', '<', '>']
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }
const number = /-?\d+(\.\d+)?/y
const word = /true|false/y
const fieldName = /(?:\\.|[^\\\s.[\]{}(),=!<>'"])+/y

/** Between quotes in brackets a dot parts names too, unless a backslash stands before it. */
const quotedNames = /'[^']+'|"[^"]+"/y
const dottedName = /(?:\\.|[^\\.])+/g

const fieldOf = (name: string): Step => ({ type: 'field', name: name.replaceAll(/\\(.)/g, '$1') })

/** Reads a text of kubectl's dialect from left to right. */
export class PathReader {
  readonly text: string
  position = 0

  constructor(text: string) {
    this.text = text
  }

  /** A path: `.a.b[0]`, `..name`, `@.a`; the empty one is the value itself. */
  path(): Path {
    const steps: Step[] = []
    if (!this.takes('$')) this.takes('@')
    for (;;) {
      if (this.takes('..')) steps.push({ type: 'descend' }, ...this.#named())
      else if (this.takes('.')) steps.push(...this.#named())
      else if (this.takes('[')) steps.push(...this.#bracket())
      else return steps
    }
  }

  /** A quoted text, a number, true or false. */
  literal(): Literal | undefined {
    const quote = this.text[this.position]
    if (quote === '"' || quote === "'") return this.#quoted(quote)
    const digits = this.matches(number)
    if (digits !== undefined) return Number(digits)
    const name = this.matches(word)
    return name === undefined ? undefined : name === 'true'
  }

  /** Goes on behind this token when it is next. */
  takes(token: string): boolean {
    const isNext = this.text.startsWith(token, this.position)
    if (isNext) this.position += token.length
    return isNext
  }

  /** @throws JsonPathError when something else is next. */
  expects(token: string): void {
    this.skipSpace()
    if (!this.takes(token)) throw this.error(`it needs "${token}"`)
  }

  skipSpace(): void {
    while (/\s/.test(this.text[this.position] ?? '')) this.position += 1
  }

  /** @param pattern sticky. */
  matches(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position
    const found = pattern.exec(this.text)?.[0]
    this.position += found?.length ?? 0
    return found
  }

  error(what: string): JsonPathError {
    const rest = this.text.slice(this.position, this.position + 20)
    return new JsonPathError(`jsonpath ${this.text}: ${what} ${rest === '' ? 'at the end' : `before ${rest}`}`)
  }

  #named(): Step[] {
    if (this.takes('*')) return [{ type: 'all' }]
    const name = this.matches(fieldName)
    return name === undefined ? [] : [fieldOf(name)]
  }

  #bracket(): Path {
    if (this.takes('?(')) return [this.#filter()]
    const choices: Path[] = []
    do {
      this.skipSpace()
      choices.push(this.#choice())
      this.skipSpace()
    } while (this.takes(','))
    this.expects(']')
    const [first] = choices
    return first !== undefined && choices.length === 1 ? first : [{ type: 'union', choices }]
  }

  #choice(): Path {
    if (this.takes('*')) return [{ type: 'all' }]
    const names = this.matches(quotedNames)
    if (names !== undefined) return (names.slice(1, -1).match(dottedName) ?? []).map(fieldOf)
    const from = this.literal()
    if (this.takes(':')) {
      const to = this.literal()
      const step = this.#whole(this.takes(':') ? this.literal() : undefined) ?? 1
      if (step < 1) throw this.error(`a step of ${step} leads nowhere`)
      return [{ type: 'slice', from: this.#whole(from), to: this.#whole(to), step }]
    }
    const index = this.#whole(from)
    if (index === undefined) throw this.error('it needs a number, a quoted name, * or ?(...)')
    return [{ type: 'index', index }]
  }

  #filter(): Step {
    const left = this.#operand()
    const operator = operators.find(operator => this.takes(operator)) ?? ''
    const right = operator === '' ? left : this.#operand()
    this.expects(')')
    this.expects(']')
    return { type: 'filter', left, operator, right }
  }

  #operand(): Operand {
    this.skipSpace()
    const literal = this.literal()
    const operand = literal === undefined ? { path: this.path() } : { literal }
    this.skipSpace()
    return operand
  }

  #whole(value: Literal | undefined): number | undefined {
    if (value !== undefined && !Number.isSafeInteger(value)) throw this.error(`${value} is no whole number`)
    return value === undefined ? undefined : Number(value)
  }

  #quoted(quote: string): string {
    let text = ''
    for (this.position += 1; this.position < this.text.length; this.position += 1) {
      const character = this.text.charAt(this.position)
      if (character === quote) {
        this.position += 1
        return text
      }
      if (character === '\\') this.position += 1
      const next = this.text.charAt(this.position)
      text += character === '\\' ? (escapes[next] ?? next) : character
    }
    throw this.error(`it needs a closing ${quote}`)
  }
}
