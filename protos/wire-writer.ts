/** The bytes that the length of a nested message takes when it is short; a longer one is moved to make room. */
const shortLengthBytes = 1
/** The most bytes of a 64-bit varint. */
const longestVarint = 10
const initialBytes = 4 * 1024

/**
 * Writes the fields of one protobuf message after the other into one buffer that grows: a field costs no object. Called
 * as protobufjs' Writer is, tags included.
 */
export class WireWriter {
  #buffer = Buffer.allocUnsafeSlow(initialBytes)
  #at = 0
  /** Where the nested messages begin that are being written. */
  readonly #forks: number[] = []

  /** Begins a message; what of another was not finished is forgotten. */
  begin(): this {
    this.#at = 0
    this.#forks.length = 0
    return this
  }

  uint32(value: number): this {
    this.#makeRoom(longestVarint)
    this.#varint(value)
    return this
  }

  /** Negative ones take ten bytes, as protobuf has it. */
  int32(value: number): this {
    return value < 0 ? this.int64(value) : this.uint32(value)
  }

  /** @param value a safe integer. */
  int64(value: number): this {
    this.#makeRoom(longestVarint)
    if (value >= 0) this.#varint(value)
    else {
      let rest = BigInt.asUintN(64, BigInt(value))
      for (; rest > 0x7fn; rest >>= 7n) this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80
      this.#buffer[this.#at++] = Number(rest)
    }
    return this
  }

  bool(value: boolean): this {
    return this.uint32(Number(value))
  }

  string(value: string): this {
    const startAt = this.#at + longestVarint
    this.#makeRoom(longestVarint + value.length * 3)
    // Its length in bytes is known when it is written: a little further on, and then moved to its place.
    const length = this.#buffer.write(value, startAt)
    this.#varint(length)
    this.#buffer.copyWithin(this.#at, startAt, startAt + length)
    this.#at += length
    return this
  }

  bytes(value: Uint8Array): this {
    this.uint32(value.length)
    this.#makeRoom(value.length)
    this.#buffer.set(value, this.#at)
    this.#at += value.length
    return this
  }

  /** Begins a nested message, or a packed field. */
  fork(): this {
    this.#makeRoom(shortLengthBytes)
    this.#at += shortLengthBytes
    this.#forks.push(this.#at)
    return this
  }

  /** Ends what was begun last, and puts its length before it. */
  ldelim(): this {
    const startAt = this.#forks.pop() ?? 0
    const length = this.#at - startAt
    if (length < 0x80) {
      this.#buffer[startAt - shortLengthBytes] = length
      return this
    }
    this.#makeRoom(longestVarint)
    const movedTo = startAt - shortLengthBytes + varintBytes(length)
    this.#buffer.copyWithin(movedTo, startAt, this.#at)
    this.#at = startAt - shortLengthBytes
    this.#varint(length)
    this.#at += length
    return this
  }

  /** The message as bytes of its own. */
  finish(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#at)
    this.#buffer.copy(bytes, 0, 0, this.#at)
    return bytes
  }

  #varint(value: number): void {
    const buffer = this.#buffer
    let rest = value
    // Beyond 32 bits the operators for bits would lose some.
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 0x80)) buffer[this.#at++] = (rest % 0x80) | 0x80
    for (; rest > 0x7f; rest >>>= 7) buffer[this.#at++] = (rest & 0x7f) | 0x80
    buffer[this.#at++] = rest
  }

  #makeRoom(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#at + bytes, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}
