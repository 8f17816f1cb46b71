import { EventEmitter } from 'node:events'
import type { StatusObject } from '@grpc/grpc-js'
import type { WatchLeasesResponse } from '../../protos/generated/leasehold/v1/WatchLeasesResponse.js'
import type { WatchCall } from '../../services/coordinator/grpc/watch-stream.js'
import { methodOf, refusalOf } from './methods.js'
import type { Connection } from './network.js'
import type { SimulatedProcess } from './process.js'
import type { Down, Up } from './wire.js'

/** How many messages the buffers on the way take before the client has read any. */
const bufferedMessages = 3

/** The coordinator's end of a WatchLeases stream, as far as its handler uses one. */
export class SimulatedWatchCall extends EventEmitter {
  readonly request: object
  readonly cancelled = false
  readonly #connection: Connection<Up, Down>
  readonly #process: SimulatedProcess
  readonly #method = methodOf('WatchLeases')
  /** What the handler waits for: that the buffers have taken a message. */
  readonly #untaken: (() => void)[] = []
  #room = bufferedMessages

  constructor(connection: Connection<Up, Down>, process: SimulatedProcess, bytes: Uint8Array) {
    super()
    this.#connection = connection
    this.#process = process
    this.request = this.#method.requestDeserialize(Buffer.from(bytes))
    this.on('error', (error: Partial<StatusObject>) => {
      connection.sendDown(refusalOf(error))
      connection.closeDown()
    })
  }

  /** Its handler looks at nothing else of a call. */
  asCall(): WatchCall {
    return this as unknown as WatchCall
  }

  getPath(): string {
    return this.#method.path
  }

  write(response: WatchLeasesResponse, onTaken: () => void): boolean {
    this.#connection.sendDown({ type: 'item', bytes: this.#method.responseSerialize(response) })
    this.#untaken.push(onTaken)
    this.#flush()
    return this.#room > 0
  }

  /** The client has read a message. */
  taken(): void {
    this.#room++
    this.#flush()
  }

  /** The client is gone. */
  hangUp(): void {
    this.emit('cancelled')
  }

  #flush(): void {
    while (this.#room > 0) {
      const onTaken = this.#untaken.shift()
      if (onTaken === undefined) return
      this.#room--
      this.#process.receive(onTaken)
    }
  }
}
