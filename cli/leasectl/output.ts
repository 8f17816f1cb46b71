import { InvalidArgumentError, Option } from 'commander'
import { parseTemplate, type Template } from '../jsonpath/template.js'
import { argument } from './arguments.js'

/** How leases are printed. */
export type Output =
  | { readonly format: 'table' | 'wide' | ObjectFormat }
  | { readonly format: 'jsonpath'; readonly template: Template }

/** The forms of whole objects, which other programs read. */
export type ObjectFormat = 'name' | 'yaml' | 'json'

/** The formats that are a word. */
export const outputFormats = ['table', 'wide', 'name', 'yaml', 'json'] as const

/** `-o` of a verb that shows leases. */
export const outputOption = (): Option =>
  new Option('-o, --output <format>', `how to print: ${outputFormats.join(', ')} or jsonpath=TEMPLATE`)
    .argParser(parseOutput)
    .default({ format: 'table' } satisfies Output, 'table')

function parseOutput(text: string): Output {
  const format = outputFormats.find(format => format === text)
  if (format !== undefined) return { format }
  const template = /^jsonpath=(.+)$/s.exec(text)?.[1]
  if (template === undefined) {
    throw new InvalidArgumentError(
      `Use one of ${outputFormats.join(', ')}, or jsonpath=TEMPLATE as in jsonpath='{.items[*].metadata.name}'.`,
    )
  }
  return { format: 'jsonpath', template: argument(parseTemplate)(template) }
}
