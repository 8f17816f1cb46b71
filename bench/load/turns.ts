import { systemRandom } from '../../clock/random.js'

/** Messages that take turns, in an order of chance: a fleet does not renew in the order in which it came. */
export class Turns {
  /** One after the other in one piece: a million small buffers would cost ten times as much. */
  readonly #bytes: Buffer
  readonly #ends: Uint32Array
  #next = 0

  /** @throws RangeError without a message. */
  constructor(messages: readonly Buffer[]) {
    if (messages.length === 0) throw new RangeError('nothing to take turns')
    const shuffled = [...messages]
    for (let i = shuffled.length - 1; i > 0; i--) {
      const other = Math.floor(systemRandom.fraction() * (i + 1))
      const [one, two] = [shuffled[i], shuffled[other]]
      if (one === undefined || two === undefined) continue
      shuffled[i] = two
      shuffled[other] = one
    }
    this.#bytes = Buffer.concat(shuffled)
    this.#ends = new Uint32Array(shuffled.length)
    let end = 0
    for (const [i, message] of shuffled.entries()) {
      end += message.length
      this.#ends[i] = end
    }
  }

  next(): Buffer {
    const at = this.#next
    this.#next = (at + 1) % this.#ends.length
    return this.#bytes.subarray(at === 0 ? 0 : this.#ends[at - 1], this.#ends[at])
  }
}
