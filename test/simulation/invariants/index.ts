import { events } from './events.js'
import type { InvariantMaker } from './invariant.js'
import { oneCommand } from './one-command.js'
import { oneHolder } from './one-holder.js'
import { replay } from './replay.js'

/** Every promise that is looked at after every step. */
export const invariants: readonly InvariantMaker[] = [oneHolder, oneCommand, events, replay]
