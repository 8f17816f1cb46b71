import { randomFillSync } from 'node:crypto'

/** The only source of randomness, injected like the clock. */
export interface Random {
  /** `size` random bytes. */
  bytes(size: number): Uint8Array
  /** A number from 0 up to, not including, 1: for jitter. */
  fraction(): number
}

/** Random bytes are made so many at a time: one by one, the ask costs more than the bytes. */
const pool = new Uint8Array(4_096)
let pooledFrom = pool.length

export const systemRandom: Random = {
  bytes(size) {
    if (size > pool.length) return randomFillSync(new Uint8Array(size))
    if (pooledFrom + size > pool.length) {
      randomFillSync(pool)
      pooledFrom = 0
    }
    const bytes = pool.slice(pooledFrom, pooledFrom + size)
    // What was given away stays nowhere else.
    pool.fill(0, pooledFrom, pooledFrom + size)
    pooledFrom += size
    return bytes
  },
  fraction: () => Math.random(),
}

const dash = 0x2d
const hexDigits = Buffer.from('0123456789abcdef')
const uuidText = Buffer.alloc(36, dash)

/** A random UUID (version 4) in its usual form. */
export function uuid(random: Random): string {
  const bytes = random.bytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  let at = 0
  for (let index = 0; index < bytes.length; index++) {
    // The dashes before these bytes are there already.
    if (index === 4 || index === 6 || index === 8 || index === 10) at++
    const byte = bytes[index] ?? 0
    uuidText[at++] = hexDigits[byte >> 4] ?? 0
    uuidText[at++] = hexDigits[byte & 0x0f] ?? 0
  }
  return uuidText.toString('latin1')
}
