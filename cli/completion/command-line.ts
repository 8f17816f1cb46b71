import type { Argument, Command, Option } from 'commander'

/** A command line that is being typed, as far as the cursor. */
export interface CommandLine {
  /** The command of the tree that the words have come to. */
  readonly command: Command
  /** The values of options so far, by their names in the code. */
  readonly options: ReadonlyMap<string, string>
  /** The arguments so far. */
  readonly operands: readonly string[]
  /** The word at the cursor, or what is typed of an option's value. */
  readonly current: string
  /** The option whose value is at the cursor. */
  readonly option: Option | undefined
  /** The argument that is at the cursor. */
  readonly argument: Argument | undefined
  /** What stands before `current` in its word: the option in `--option=value`. */
  readonly prefix: string
  /** The words after `--` are those of another program. */
  readonly isForeign: boolean
}

/** Reads the words of a command line after the program's own name; the last one is at the cursor, and may be ''. */
export function readCommandLine(program: Command, words: readonly string[]): CommandLine {
  const before = words.slice(0, -1)
  const word = words.at(-1) ?? ''
  const options = new Map<string, string>()
  const operands: string[] = []
  let command = program
  let option: Option | undefined
  for (const text of before) {
    if (option !== undefined) {
      options.set(option.attributeName(), text)
      option = undefined
    } else if (text === '--') {
      return { command, options, operands, current: word, option, argument: undefined, prefix: '', isForeign: true }
    } else if (text.startsWith('-') && text !== '-') {
      const [flag = '', ...value] = text.split('=')
      const found = findOption(command, flag)
      if (found?.required && value.length === 0) option = found
      else if (found) options.set(found.attributeName(), value.join('='))
    } else {
      const child = command.commands.find(child => child.name() === text || child.aliases().includes(text))
      if (child !== undefined && operands.length === 0) command = child
      else operands.push(text)
    }
  }
  const line = { command, options, operands, isForeign: false }
  if (option !== undefined) return { ...line, current: word, option, argument: undefined, prefix: '' }
  const [, flag, value = ''] = /^(--[^=]+)=(.*)$/s.exec(word) ?? []
  if (flag !== undefined) {
    return { ...line, current: value, option: findOption(command, flag), argument: undefined, prefix: `${flag}=` }
  }
  return { ...line, current: word, option, argument: argumentAt(command, operands.length), prefix: '' }
}

const findOption = (command: Command, flag: string): Option | undefined =>
  optionsOf(command).find(option => option.short === flag || option.long === flag)

/** The options of a command and of those above it. */
export const optionsOf = (command: Command): readonly Option[] => [
  ...command.options,
  ...(command.parent === null ? [] : optionsOf(command.parent)),
]

function argumentAt({ registeredArguments }: Command, index: number): Argument | undefined {
  const last = registeredArguments.at(-1)
  return registeredArguments[index] ?? (last?.variadic ? last : undefined)
}
