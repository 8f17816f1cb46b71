import { InvalidArgumentError, Option } from 'commander'
import { formatDuration, parseDuration } from '../../clock/duration.js'

/** The options of a plugin by their names in the code: `leaseDuration` is `--lease-duration` on the command line. */
export type OptionDeclarations = Readonly<Record<string, OptionDeclaration>>

export type OptionDeclaration = TextOption | IntegerOption | DurationOption | FlagOption

interface Described {
  /** For the help text. */
  readonly description: string
  /** What stands for the value in the help text. */
  readonly placeholder?: string
}

export interface TextOption extends Described {
  readonly type: 'text'
  readonly default?: string
  readonly required?: true
  /** Says what is wrong with a value, or nothing. */
  readonly check?: (value: string) => string | undefined
}

export interface IntegerOption extends Described {
  readonly type: 'integer'
  readonly default?: number
  readonly required?: true
  readonly min?: number
  readonly max?: number
}

/** Typed as `15s`, `1m30s` or `500ms`; milliseconds in the code. */
export interface DurationOption extends Described {
  readonly type: 'duration'
  readonly default?: string
  readonly required?: true
  readonly min?: string
  readonly max?: string
}

/** There or not. */
export interface FlagOption {
  readonly type: 'flag'
  readonly description: string
}

/** The values that the declarations lead to. */
export type OptionValues<Options extends OptionDeclarations> = {
  readonly [Name in keyof Options]: Value<Options[Name]>
}

type Value<Declaration extends OptionDeclaration> = Declaration extends FlagOption
  ? boolean
  : (Declaration extends TextOption ? string : number) | Absent<Declaration>

type Absent<Declaration> = Declaration extends { default: string | number } | { required: true } ? never : undefined

/**
 * The declarations as commander's options, each with its environment variable.
 *
 * @param environmentPrefix as in 'LEASEHOLD_SCHEDULER_LEADER'.
 */
export const commanderOptions = (declarations: OptionDeclarations, environmentPrefix: string): Option[] =>
  Object.entries(declarations).map(([name, declaration]) => {
    const flag = kebabCase(name)
    const environmentName = `${environmentPrefix}_${flag.replaceAll('-', '_').toUpperCase()}`
    return commanderOption(flag, declaration).env(environmentName)
  })

/** The prefix of the environment variables of a plugin's own options. */
export const environmentPrefix = (agentName: string): string =>
  `LEASEHOLD_${agentName.replaceAll('-', '_').toUpperCase()}`

function commanderOption(flag: string, declaration: OptionDeclaration): Option {
  const { description } = declaration
  if (declaration.type === 'flag') return new Option(`--${flag}`, description).default(false)
  const placeholder = declaration.placeholder ?? declaration.type
  const option = new Option(`--${flag} <${placeholder}>`, description).argParser(parser(declaration))
  if (declaration.required) option.makeOptionMandatory()
  if (declaration.type === 'duration' && declaration.default !== undefined) {
    option.default(parseDuration(declaration.default), declaration.default)
  } else if (declaration.default !== undefined) {
    option.default(declaration.default)
  }
  return option
}

function parser(declaration: Exclude<OptionDeclaration, FlagOption>): (text: string) => string | number {
  switch (declaration.type) {
    case 'text':
      return text => checkedText(text, declaration)
    case 'integer':
      return text => checkedInteger(text, declaration)
    case 'duration':
      return text => checkedDuration(text, declaration)
  }
}

function checkedText(text: string, { check }: TextOption): string {
  const wrong = check?.(text)
  if (wrong !== undefined) throw new InvalidArgumentError(wrong)
  return text
}

function checkedInteger(text: string, { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: IntegerOption) {
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number.')
  if (value < min) throw new InvalidArgumentError(`It must be at least ${min}.`)
  if (value > max) throw new InvalidArgumentError(`It must be at most ${max}.`)
  return value
}

function checkedDuration(text: string, { min = '1ms', max }: DurationOption): number {
  const durationMs = duration(text)
  if (durationMs < parseDuration(min)) throw new InvalidArgumentError(`It must be at least ${min}.`)
  if (max !== undefined && durationMs > parseDuration(max)) throw new InvalidArgumentError(`It must be at most ${max}.`)
  return durationMs
}

function duration(text: string): number {
  try {
    return parseDuration(text)
  } catch {
    throw new InvalidArgumentError(`It must be a duration, as in 15s, 1m30s or ${formatDuration(500)}.`)
  }
}

const kebabCase = (name: string): string => name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
