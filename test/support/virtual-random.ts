import type { Random } from '../../clock/random.js'

/** Random numbers from a seed, the same ones every time. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { fraction: next, bytes: size => Uint8Array.from({ length: size }, () => Math.floor(next() * 256)) }
}

/** A random whose fractions are always the same: 0 for no jitter at all. */
export const fixedRandom = (fraction = 0): Random => ({ ...seededRandom(1), fraction: () => fraction })
