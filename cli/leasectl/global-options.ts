import { type Command, Option } from 'commander'
import { parseAddress } from './arguments.js'

/** The options that every verb has; they may stand anywhere, also before the verb, as kubectl's do. */
export interface GlobalOptions {
  /** HOST:PORT of the coordinator. */
  readonly address: string
  readonly namespace: string
}

/** Gives a program these options, and each of its verbs their values among its own. */
export const withGlobalOptions = (program: Command): Command =>
  program
    .option('-n, --namespace <namespace>', 'the namespace', 'default')
    .addOption(
      new Option('--address <host:port>', 'the coordinator')
        .env('LEASEHOLD_ADDRESS')
        .argParser(parseAddress)
        .default('127.0.0.1:7070'),
    )
    .hook('preAction', (_, verb) => {
      for (const [name, value] of Object.entries(program.opts())) {
        verb.setOptionValueWithSource(name, value, program.getOptionValueSource(name))
      }
    })
