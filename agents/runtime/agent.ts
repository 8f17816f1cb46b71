import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { LeaseholdClient, Session } from '../../client/index.js'
import type { Clock } from '../../clock/clock.js'
import type { Random } from '../../clock/random.js'
import type { OptionDeclarations, OptionValues } from './options.js'

/** A plugin: what one kind of agent is called, which options it takes, and its work. A plugin file exports it as `agent`. */
export interface Agent<Options extends OptionDeclarations = OptionDeclarations> {
  /** Lower-case words joined by dashes: part of the names of its environment variables. */
  readonly name: string
  /** For the help text, in full sentences. */
  readonly description: string
  readonly options?: Options
  /** When it runs a command that is given after `--`: what it does with it, for the help text. */
  readonly command?: string
  /** What people type, for the help text: options and command, without `leasehold agent NAME`. */
  readonly examples?: readonly string[]
  /**
   * What becomes of its leases when it was told to stop and its work has ended: 'release' (the default) lets the next
   * holder in at once, 'leave' lets them run their time.
   */
  readonly leasesAtExit?: 'release' | 'leave'
  /**
   * The work: until it is done, or until `context.signal` is aborted, and then within a few seconds. The exit code is
   * what it returns, or 0.
   */
  run(context: AgentContext, options: OptionValues<Options>): Promise<number | undefined> | Promise<void>
}

/** The client's session, as far as a plugin may use it. */
export type AgentSession = Pick<Session, 'acquire' | 'close'>

/** What the runtime gives a plugin to work with. */
export interface AgentContext {
  /** For everything but holding leases: get, list, watch, check a token. */
  readonly client: LeaseholdClient
  /** Where leases are acquired. Its health file and metrics come by themselves. */
  readonly session: AgentSession
  /** Another session, for an agent with very many leases. */
  openSession(): AgentSession
  /** Aborted when the agent is told to stop. */
  readonly signal: AbortSignal
  readonly log: Logger
  readonly clock: Clock
  readonly random: Random
  readonly hostname: string
  /** The coordinator's addresses, as a command that the agent runs may want them. */
  readonly addresses: readonly string[]
  /** What followed `--`; empty when nothing did. */
  readonly command: readonly string[]
  /** Where the agent may register what it measures beside its leases. */
  readonly metrics: Registry
  /** One line for the health file on what is special now, until the next; undefined: nothing. */
  note(text: string | undefined): void
}

/** Gives a plugin the types of its options. */
export const defineAgent = <const Options extends OptionDeclarations>(agent: Agent<Options>): Agent<Options> => agent
