import { systemRandom } from '../clock/random.js'
import { systemClock } from '../clock/system-clock.js'
import { LeaseholdClient, type LeaseholdClientOptions } from './leasehold-client.js'

/** A client with the machine's clock and randomness. */
export const connectClient = (
  options: Omit<LeaseholdClientOptions, 'clock' | 'random'> & Partial<LeaseholdClientOptions>,
): LeaseholdClient => new LeaseholdClient({ clock: systemClock, random: systemRandom, ...options })
