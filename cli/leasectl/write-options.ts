import { type Command, Option } from 'commander'
import type { Lease } from '../../client/index.js'
import type { Surroundings } from '../surroundings.js'
import { callBound } from './connection.js'
import type { GlobalOptions } from './global-options.js'
import { objectPrinter } from './lease-printer.js'
import type { ObjectFormat } from './output.js'

/** What a write may print instead of its message. */
const writeFormats: readonly ObjectFormat[] = ['name', 'yaml', 'json']

/** The options of a verb that changes leases. */
export interface WriteOptions extends GlobalOptions {
  readonly dryRun: 'none' | 'server'
  readonly output?: ObjectFormat
}

/** Gives a verb `--dry-run` and `-o`, as kubectl has them. */
export const withWriteOptions = (verb: Command, formats = writeFormats): Command =>
  verb
    .addOption(
      new Option('--dry-run <mode>', '"server": check everything and answer as if, but store nothing')
        .choices(['none', 'server'])
        .default('none'),
    )
    .addOption(new Option('-o, --output <format>', 'print the leases instead of messages').choices(formats))

/** The options of a call that stores nothing with `--dry-run=server`. */
export const writeCall = ({ dryRun }: Pick<WriteOptions, 'dryRun'>, { signal }: Pick<Surroundings, 'signal'>) => ({
  ...callBound,
  signal,
  validateOnly: dryRun === 'server',
})

/** Tells what happened to each lease: `lease.coordination.k8s.io/NAME created`, or what `-o` asks for. */
export function writtenPrinter(
  { dryRun, output }: Pick<WriteOptions, 'dryRun' | 'output'>,
  { out }: Pick<Surroundings, 'out'>,
): (lease: Lease, message: (name: string) => string) => void {
  const printer = output && objectPrinter(output)
  const suffix = dryRun === 'server' ? ' (server dry run)' : ''
  return (lease, message) => out(printer ? printer.print([lease], true) : `${message(lease.name)}${suffix}\n`)
}

/** How kubectl names a lease in what it tells. */
export const kindName = (name: string): string => `lease.coordination.k8s.io/${name}`
