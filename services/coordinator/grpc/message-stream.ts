import { constants, type ServerHttp2Stream } from 'node:http2'
import { gunzipSync, inflateSync } from 'node:zlib'
import { Metadata, type ServerDuplexStream, status } from '@grpc/grpc-js'

/** Largest message either way; gRPC's default for what is received. */
export const maxMessageBytes = 4 * 1024 * 1024

/** So begins a message of gRPC: whether it is compressed (1 byte), and its length (4 bytes, big-endian). */
const headerBytes = 5

/** How messages may be compressed, by the name in the call's headers. */
const decompress: Readonly<Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
}

export interface MessageListener {
  message(bytes: Buffer): void
  /** The client has taken something. */
  drained(): void
  /** The client sends no more. */
  end(): void
  /** The stream is over, whoever ended it. */
  close(): void
}

/** What of a call is used that grpc-js does not offer. */
interface Internals {
  readonly call: { readonly stream: ServerHttp2Stream; readonly incomingEncoding: string }
}

/**
 * The messages of one bidirectional call. grpc-js begins the call and ends it; the messages between go straight to and
 * from the HTTP/2 stream, since grpc-js takes each of them through three queues and a promise, and writes one after the
 * other: twice what the rest of a renewal costs. What is sent in one turn of the event loop leaves in one write.
 */
export class MessageStream {
  readonly #call: ServerDuplexStream<Buffer, Buffer>
  readonly #stream: ServerHttp2Stream
  readonly #encoding: string
  readonly #listener: MessageListener
  /** What came and is not read yet, since it is not a whole message or reading is paused. */
  #received: Buffer[] = []
  #receivedBytes = 0
  /** With fewer bytes there is no whole message. */
  #wantedBytes = headerBytes
  #isPaused = false
  #hasEnded = false
  #isOver = false
  #outgoing: Buffer[] = []
  #outgoingPushBytes = 0
  #unreadBytes = 0
  #unreadPushBytes = 0

  constructor(call: ServerDuplexStream<Buffer, Buffer>, listener: MessageListener) {
    const { stream, incomingEncoding } = (call as unknown as Internals).call
    this.#call = call
    this.#stream = stream
    this.#encoding = incomingEncoding
    this.#listener = listener
    call.on('cancelled', () => this.#close())
    call.on('error', () => this.#close())
    // grpc-js' own, which would queue what comes for a reader that never reads.
    stream.removeAllListeners('data')
    stream.removeAllListeners('end')
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
    stream.on('end', () => {
      this.#hasEnded = true
      this.#read()
    })
    call.sendMetadata(new Metadata())
    stream.resume()
  }

  /** What was sent and the client has not taken, in bytes. */
  get unreadBytes(): number {
    return this.#unreadBytes
  }

  /** What of that was sent without being asked for. */
  get unreadPushBytes(): number {
    return this.#unreadPushBytes
  }

  /** Sends a message, at the end of this turn. */
  send(message: Buffer, { isPush }: { isPush: boolean }): void {
    if (this.#isOver) return
    if (this.#outgoing.length === 0) queueMicrotask(() => this.#flush())
    this.#outgoing.push(message)
    const bytes = headerBytes + message.length
    this.#unreadBytes += bytes
    if (!isPush) return
    this.#outgoingPushBytes += bytes
    this.#unreadPushBytes += bytes
  }

  /** Reads no more, so that the client must wait. */
  pause(): void {
    this.#isPaused = true
    this.#stream.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#stream.resume()
    this.#read()
  }

  /** Ends the stream, after what was sent. */
  end(code: status = status.OK, details = ''): void {
    this.#flush()
    this.#isOver = true
    if (code === status.OK) this.#call.end()
    else this.#call.emit('error', { code, details })
  }

  /**
   * Resets the HTTP/2 stream, which drops what is buffered for it: an orderly end would wait behind what the client does
   * not read.
   */
  cutOff(): void {
    this.#isOver = true
    this.#stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }

  #flush(): void {
    if (this.#isOver || this.#outgoing.length === 0) return
    const bytes = this.#outgoing.reduce((sum, message) => sum + headerBytes + message.length, 0)
    const pushBytes = this.#outgoingPushBytes
    const frames = Buffer.allocUnsafe(bytes)
    let at = 0
    for (const message of this.#outgoing) {
      at = frames.writeUInt8(0, at)
      at = frames.writeUInt32BE(message.length, at)
      at += message.copy(frames, at)
    }
    this.#outgoing = []
    this.#outgoingPushBytes = 0
    this.#stream.write(frames, () => {
      this.#unreadBytes -= bytes
      this.#unreadPushBytes -= pushBytes
      this.#listener.drained()
    })
  }

  #receive(chunk: Buffer): void {
    if (this.#isOver) return
    this.#received.push(chunk)
    this.#receivedBytes += chunk.length
    if (!this.#isPaused) this.#read()
  }

  /** Reads the whole messages of what came, until a pause. */
  #read(): void {
    if (this.#receivedBytes >= this.#wantedBytes) this.#readMessages()
    if (!this.#hasEnded || this.#isOver || this.#isPaused) return
    this.#hasEnded = false
    if (this.#receivedBytes === 0) this.#listener.end()
    else this.end(status.INTERNAL, 'the last message is cut short')
  }

  #readMessages(): void {
    const [first = Buffer.alloc(0)] = this.#received
    const bytes = this.#received.length === 1 ? first : Buffer.concat(this.#received)
    let at = 0
    this.#wantedBytes = headerBytes
    while (bytes.length - at >= this.#wantedBytes && !this.#isPaused && !this.#isOver) {
      const length = bytes.readUInt32BE(at + 1)
      if (length > maxMessageBytes) {
        this.end(status.RESOURCE_EXHAUSTED, `a message of ${length} bytes came: it may have ${maxMessageBytes}`)
        return
      }
      this.#wantedBytes = headerBytes + length
      if (bytes.length - at < this.#wantedBytes) break
      const startAt = at + headerBytes
      const isCompressed = bytes[at] !== 0
      at = startAt + length
      this.#wantedBytes = headerBytes
      const message = bytes.subarray(startAt, at)
      if (isCompressed) this.#readCompressed(message)
      else this.#listener.message(message)
    }
    this.#received = at === bytes.length ? [] : [bytes.subarray(at)]
    this.#receivedBytes = bytes.length - at
  }

  #readCompressed(message: Buffer): void {
    let bytes: Buffer
    try {
      const decompressed = decompress[this.#encoding]
      if (decompressed === undefined) throw new Error(`it is ${this.#encoding}, and may be gzip or deflate`)
      bytes = decompressed(message, { maxOutputLength: maxMessageBytes })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.end(status.INTERNAL, `a message cannot be decompressed: ${reason}`)
      return
    }
    this.#listener.message(bytes)
  }

  #close(): void {
    this.#isOver = true
    this.#listener.close()
  }
}
