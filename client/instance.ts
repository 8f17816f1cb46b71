import type { Random } from '../clock/random.js'

/** A new mark of a process among those with the same holder identity: 32 random hex digits. */
export const randomInstance = (random: Random): string => Buffer.from(random.bytes(16)).toString('hex')
