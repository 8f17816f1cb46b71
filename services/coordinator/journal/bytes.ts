/** Fewer bytes than this and a string's length is one byte; else that byte is this mark and four bytes follow. */
const longStringMark = 255
/** Fewer characters than this are written one by one, where they are ASCII. */
const shortString = 64
const initialSize = 64 * 1024

/**
 * Writes little-endian fields into one growing buffer, used again and again: no allocation a field. What `written`
 * returns is a view of that buffer and holds until the next `clear`.
 */
export class ByteWriter {
  #buffer = Buffer.allocUnsafeSlow(initialSize)
  #view = viewOf(this.#buffer)
  #length = 0

  get length(): number {
    return this.#length
  }

  clear(): void {
    this.#length = 0
  }

  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  uint8(value: number): void {
    const at = this.#take(1)
    this.#view.setUint8(at, value)
  }

  uint32(value: number): void {
    const at = this.#take(4)
    this.#view.setUint32(at, value, true)
  }

  float64(value: number): void {
    const at = this.#take(8)
    this.#view.setFloat64(at, value, true)
  }

  int64(value: bigint): void {
    const at = this.#take(8)
    this.#view.setBigInt64(at, value, true)
  }

  /** Bytes as they are, without their number. */
  bytes(bytes: Uint8Array): void {
    const at = this.#take(bytes.length)
    this.#buffer.set(bytes, at)
  }

  string(value: string): void {
    if (value.length < shortString && this.#ascii(value)) return
    const mostBytes = value.length * 3
    const prefix = mostBytes < longStringMark ? 1 : 5
    const at = this.#take(prefix + mostBytes)
    const size = this.#buffer.write(value, at + prefix)
    if (prefix === 1) {
      this.#view.setUint8(at, size)
    } else {
      this.#view.setUint8(at, longStringMark)
      this.#view.setUint32(at + 1, size, true)
    }
    this.#length = at + prefix + size
  }

  /** Whether that was a string of ASCII; otherwise nothing was written. Twice as fast as a call of Buffer's for a name. */
  #ascii(value: string): boolean {
    const { length } = value
    const at = this.#take(1 + length)
    const buffer = this.#buffer
    buffer[at] = length
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) {
        this.#length = at
        return false
      }
      buffer[at + 1 + index] = code
    }
    return true
  }

  /** Whole numbers, of which many lie close together: their least one and each one's distance from it, 4 bytes each where that fits. */
  column(values: readonly number[]): void {
    let least = values[0] ?? 0
    let greatest = least
    for (const value of values) {
      if (value < least) least = value
      if (value > greatest) greatest = value
    }
    const width = greatest - least <= 0xffffffff ? 4 : 8
    this.uint8(width)
    this.float64(least)
    let at = this.#take(values.length * width)
    const view = this.#view
    for (const value of values) {
      if (width === 4) view.setUint32(at, value - least, true)
      else view.setFloat64(at, value, true)
      at += width
    }
  }

  /** Makes room for `size` more bytes and returns where they begin. */
  #take(size: number): number {
    const at = this.#length
    this.#length += size
    if (this.#length > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#length, this.#buffer.length * 2))
      this.#buffer.copy(grown, 0, 0, at)
      this.#buffer = grown
      this.#view = viewOf(grown)
    }
    return at
  }
}

/** Reads what a ByteWriter wrote. Reading past the end throws a RangeError; callers say which entry it was. */
export class ByteReader {
  readonly #buffer: Buffer
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#buffer = bufferOf(bytes)
    this.#view = viewOf(bytes)
  }

  /** How many bytes were read. */
  get position(): number {
    return this.#at
  }

  get isAtEnd(): boolean {
    return this.#at === this.#buffer.length
  }

  uint8(): number {
    return this.#view.getUint8(this.#skip(1))
  }

  uint32(): number {
    return this.#view.getUint32(this.#skip(4), true)
  }

  float64(): number {
    return this.#view.getFloat64(this.#skip(8), true)
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#skip(8), true)
  }

  string(): string {
    const short = this.uint8()
    const size = short === longStringMark ? this.uint32() : short
    const at = this.#skip(size)
    return this.#buffer.toString('utf8', at, at + size)
  }

  column(count: number): number[] {
    const width = this.uint8()
    if (width !== 4 && width !== 8) throw new RangeError(`a column of width ${width}`)
    const least = this.float64()
    let at = this.#skip(count * width)
    const view = this.#view
    const values = new Array<number>(count)
    for (let i = 0; i < count; i++, at += width) {
      values[i] = width === 4 ? least + view.getUint32(at, true) : view.getFloat64(at, true)
    }
    return values
  }

  #skip(size: number): number {
    const at = this.#at
    if (at + size > this.#buffer.length) throw new RangeError(`cut short at byte ${this.#buffer.length}`)
    this.#at = at + size
    return at
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The same bytes as a Buffer. */
export const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
