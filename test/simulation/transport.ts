import { type HoldStream, type HoldStreamHandlers, type Transport, TransportError } from '../../client/transport.js'
import { decodeHoldResponse, encodeHoldRequest } from '../../protos/hold-codec.js'
import { decodeStatusDetails } from '../../protos/status-details.js'
import { methodOf } from './methods.js'
import type { Host, Network } from './network.js'
import type { SimulatedProcess } from './process.js'
import type { Down, Up } from './wire.js'

/** A client's way to a coordinator over the simulated network; each stream and each call is a connection of its own. */
export class SimulatedTransport implements Transport {
  readonly #network: Network
  readonly #process: SimulatedProcess
  readonly #host: Host<Up, Down>

  constructor(network: Network, process: SimulatedProcess, host: Host<Up, Down>) {
    this.#network = network
    this.#process = process
    this.#host = host
  }

  openHold(handlers: HoldStreamHandlers): HoldStream {
    let isOpen = false
    const connection = this.#network.connect<Up, Down>(this.#process, this.#host, {
      open: () => {
        isOpen = true
        handlers.onDrain()
      },
      message: down => {
        if (down.type === 'hold') handlers.onMessage(decodeHoldResponse(down.bytes))
      },
      end: () => handlers.onEnd(unavailable('the stream broke')),
    })
    return {
      get hasRoom() {
        return isOpen
      },
      send: message => connection.sendUp({ type: 'hold', bytes: encodeHoldRequest(message) }),
      close: () => connection.closeUp(),
    }
  }

  call<Request extends object, Response>(
    method: string,
    request: Request,
    { signal, timeoutMs }: { signal?: AbortSignal; timeoutMs?: number } = {},
  ): Promise<Response> {
    const { requestSerialize, responseDeserialize } = methodOf(method)
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new TransportError('CANCELLED', `${method} was cancelled`))
      const over = (finish: () => void): void => {
        timer?.cancel()
        signal?.removeEventListener('abort', abort)
        connection.closeUp()
        finish()
      }
      const abort = (): void => over(() => reject(new TransportError('CANCELLED', `${method} was cancelled`)))
      const late = (): void => over(() => reject(new TransportError('DEADLINE_EXCEEDED', `${method} took too long`)))
      const timer = timeoutMs === undefined ? undefined : this.#process.setTimer(timeoutMs, late)
      const connection = this.#network.connect<Up, Down>(this.#process, this.#host, {
        message: down =>
          over(() => {
            // The bytes are those of the response that the caller names beside the method.
            if (down.type === 'answer') resolve(responseDeserialize(Buffer.from(down.bytes)) as Response)
            else if (down.type === 'refusal') reject(refusal(down))
          }),
        end: () => over(() => reject(unavailable(`${method}: the connection broke`))),
      })
      signal?.addEventListener('abort', abort)
      connection.sendUp({ type: 'call', method, bytes: requestSerialize(request) })
    })
  }

  async *stream<Request extends object, Response>(
    method: string,
    request: Request,
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<Response> {
    const { requestSerialize, responseDeserialize } = methodOf(method)
    const arrived: Down[] = []
    let isOver = false
    let wake = (): void => {}
    const connection = this.#network.connect<Up, Down>(this.#process, this.#host, {
      message: down => {
        arrived.push(down)
        wake()
      },
      end: () => {
        isOver = true
        wake()
      },
    })
    const abort = (): void => wake()
    signal?.addEventListener('abort', abort)
    connection.sendUp({ type: 'call', method, bytes: requestSerialize(request) })
    try {
      while (!signal?.aborted) {
        const down = arrived.shift()
        if (down?.type === 'item') {
          connection.sendUp({ type: 'taken' })
          // The bytes are those of the response that the caller names beside the method.
          yield responseDeserialize(Buffer.from(down.bytes)) as Response
        } else if (down?.type === 'refusal') throw refusal(down)
        else if (isOver) throw unavailable(`${method}: the connection broke`)
        else {
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      }
      throw new TransportError('CANCELLED', `${method} was cancelled`)
    } finally {
      signal?.removeEventListener('abort', abort)
      connection.closeUp()
    }
  }

  close(): void {}
}

const unavailable = (text: string): TransportError => new TransportError('UNAVAILABLE', text)

function refusal({ status, text, details }: Down & { type: 'refusal' }): TransportError {
  const decoded = details === undefined ? undefined : decodeStatusDetails(details)
  return new TransportError(status, text, {
    reason: decoded?.reason ?? '',
    metadata: { ...decoded?.metadata },
    violations: decoded?.violations ?? [],
    retryAfterMs: decoded?.retryAfterMs,
  })
}
