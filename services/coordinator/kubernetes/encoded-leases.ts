import type { LeaseImage } from '../lease/lease.js'

/** Encoded leases are kept up to so many bytes, and as many of those before them. */
const maxBytes = 4 * 1024 * 1024

/**
 * Leases as bytes: a change that a thousand watchers are told is encoded once. A revision is one lease as one change left
 * it, so what was encoded stays right; what nobody asks for again goes, so that a watch of a million leases does not keep
 * them all.
 */
export class EncodedLeases {
  readonly #encode: (lease: LeaseImage) => Buffer
  /** By revision. */
  #young = new Map<number, Buffer>()
  #old = new Map<number, Buffer>()
  #youngBytes = 0

  constructor(encode: (lease: LeaseImage) => Buffer) {
    this.#encode = encode
  }

  of(lease: LeaseImage): Buffer {
    const { revision } = lease
    const known = this.#young.get(revision)
    if (known !== undefined) return known
    const bytes = this.#old.get(revision) ?? this.#encode(lease)
    if (this.#youngBytes + bytes.length > maxBytes) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(revision, bytes)
    this.#youngBytes += bytes.length
    return bytes
  }
}
