import { randomBytes } from 'node:crypto'

/** The only source of randomness, injected like the clock. */
export interface Random {
  /** `size` random bytes. */
  bytes(size: number): Uint8Array
  /** A number from 0 up to, not including, 1: for jitter. */
  fraction(): number
}

export const systemRandom: Random = {
  bytes: size => randomBytes(size),
  fraction: () => Math.random(),
}

/** A random UUID (version 4) in its usual form. */
export function uuid(random: Random): string {
  const bytes = Buffer.from(random.bytes(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
