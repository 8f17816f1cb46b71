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

/** A random UUID (version 4) in its usual form. */
export function uuid(random: Random): string {
  const bytes = random.bytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
