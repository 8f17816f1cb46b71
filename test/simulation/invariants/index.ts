import { events } from './events.js'
import { holderBelievesLess } from './holder-believes-less.js'
import type { InvariantMaker } from './invariant.js'
import { noEarlyExpiry } from './no-early-expiry.js'
import { noExpiryAsleep } from './no-expiry-asleep.js'
import { noGrantToTheDead } from './no-grant-to-the-dead.js'
import { nodeStatus } from './node-status.js'
import { oneCommand } from './one-command.js'
import { oneHolder } from './one-holder.js'
import { onlyTheIdleAreCollected } from './only-the-idle-are-collected.js'
import { queueOrder } from './queue-order.js'
import { replay } from './replay.js'
import { resumesKeep } from './resumes-keep.js'
import { takeoverDelayKept } from './takeover-delay-kept.js'
import { theFreeAreGranted } from './the-free-are-granted.js'
import { tokenCalls } from './token-calls.js'
import { tokensGrow } from './tokens-grow.js'
import { toldIsDurable } from './told-is-durable.js'
import { wantedIsHeld } from './wanted-is-held.js'
import { watches } from './watches.js'
import { writes } from './writes.js'

/** Every promise that is looked at after every step. */
export const invariants: readonly InvariantMaker[] = [
  oneHolder,
  oneCommand,
  events,
  replay,
  tokensGrow,
  toldIsDurable,
  noEarlyExpiry,
  noExpiryAsleep,
  holderBelievesLess,
  queueOrder,
  theFreeAreGranted,
  tokenCalls,
  noGrantToTheDead,
  resumesKeep,
  takeoverDelayKept,
  onlyTheIdleAreCollected,
  wantedIsHeld,
  watches,
  nodeStatus,
  writes,
]
