import type { LeaseImage } from '../lease/lease.js'

/** Encoded leases are kept up to so many bytes, and as many of those before them. */
const maxBytes = 4 * 1024 * 1024

/**
 * Leases as bytes: a change that a thousand watchers are told is encoded once. Images never change, so one that was
 * encoded stays right; what nobody asks for again goes, so that a watch of a million leases does not keep them all.
 */
export class EncodedLeases {
  readonly #encode: (lease: LeaseImage) => Buffer
  #young = new Map<LeaseImage, Buffer>()
  #old = new Map<LeaseImage, Buffer>()
  #youngBytes = 0

  constructor(encode: (lease: LeaseImage) => Buffer) {
    this.#encode = encode
  }

  of(lease: LeaseImage): Buffer {
    const known = this.#young.get(lease)
    if (known !== undefined) return known
    const bytes = this.#old.get(lease) ?? this.#encode(lease)
    if (this.#youngBytes + bytes.length > maxBytes) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(lease, bytes)
    this.#youngBytes += bytes.length
    return bytes
  }
}
