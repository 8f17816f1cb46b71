import type { Random } from '../../clock/random.js'

/** Random numbers from a seed, the same ones every time. */
export function seededRandom(seed: number): Random {
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  return { fraction: next, bytes: size => Uint8Array.from({ length: size }, () => Math.floor(next() * 256)) }
}

/** A random whose fractions are always the same: 0 for no jitter at all. */
export const fixedRandom = (fraction = 0): Random => ({ ...seededRandom(1), fraction: () => fraction })
