/** What a plugin's author needs: the types, and `defineAgent`, which infers the types of the options. */
export type { Agent, AgentContext, AgentSession } from './agent.js'
export { defineAgent } from './agent.js'
export { exitCode } from './exit-codes.js'
export {
  type CommandEnd,
  CommandStartError,
  type GuardedCommand,
  type GuardingHold,
  runGuarded,
} from './guarded-command.js'
export type {
  DurationOption,
  FlagOption,
  IntegerOption,
  OptionDeclaration,
  OptionDeclarations,
  OptionValues,
  TextOption,
} from './options.js'
