import {
  type HoldStream,
  type HoldStreamHandlers,
  type Lease,
  type Transport,
  TransportError,
} from '../../../client/index.js'
import { leaseFromMessage } from '../../../client/lease.js'
import { toMillis } from '../../../client/time.js'
import type { Lease__Output } from '../../../protos/generated/leasehold/v1/Lease.js'
import type { Ending, HistoryFile } from './history-file.js'
import { RecordedStream } from './recorded-stream.js'

/**
 * A transport whose every request and answer goes into a history: what the client sends by itself too, such as renewals,
 * resumes after a broken stream, and calls that it makes again.
 */
export class RecordingTransport implements Transport {
  readonly #transport: Transport
  readonly #history: HistoryFile
  readonly #holders: Map<string, string>

  /** @param holders by token, since some calls name nothing else; one map for all the transports of a process. */
  constructor(transport: Transport, history: HistoryFile, holders: Map<string, string>) {
    this.#transport = transport
    this.#history = history
    this.#holders = holders
  }

  openHold(handlers: HoldStreamHandlers): HoldStream {
    return new RecordedStream(this.#transport, handlers, this.#history, this.#holders)
  }

  async call<Request extends object, Response>(
    method: string,
    request: Request,
    options?: { signal?: AbortSignal; timeoutMs?: number },
  ): Promise<Response> {
    const end = this.#begin(method, { ...absent, ...request })
    try {
      const response = await this.#transport.call<Request, Response>(method, request, options)
      // All four methods that are recorded answer so.
      if (end !== undefined) end(this.#ending(method, response as WithLease, { ...absent, ...request }))
      return response
    } catch (error) {
      end?.(failure(error))
      throw error
    }
  }

  stream<Request extends object, Response>(
    method: string,
    request: Request,
    options?: { signal?: AbortSignal },
  ): AsyncIterable<Response> {
    return this.#transport.stream(method, request, options)
  }

  close(): void {
    this.#transport.close()
  }

  /** Notes the call, if it is one that histories have. */
  #begin(method: string, call: typeof absent): ((end: Ending) => void) | undefined {
    const { holderIdentity, leaseDuration } = call
    const lease = `${call.namespace}/${call.name}`
    const token = String(call.fencingToken)
    const tenancy = { lease, holderIdentity: this.#holders.get(token) ?? '', fencingToken: token }
    switch (method) {
      case 'AcquireLease':
        return this.#history.call({ lease, kind: 'acquire', holderIdentity, leaseDurationMs: toMillis(leaseDuration) })
      case 'RenewLease':
        return this.#history.call({ ...tenancy, kind: 'renew' })
      case 'ReleaseLease':
        return this.#history.call({ ...tenancy, kind: 'release' })
      case 'GetLease':
        return this.#history.call({ lease, kind: 'read' })
      default:
        return undefined
    }
  }

  #ending(method: string, response: WithLease, { holderIdentity: asking }: typeof absent): Ending {
    if (response.lease === null) return { outcome: 'unknown', reason: 'no lease in the answer' }
    const { state, holderIdentity = '', fencingToken }: Lease = leaseFromMessage(response.lease)
    const token = String(fencingToken)
    if (method === 'GetLease') return { outcome: 'ok', state, holderIdentity, fencingToken: token }
    if (method !== 'AcquireLease') return { outcome: 'ok' }
    this.#holders.set(token, asking)
    return { outcome: 'ok', fencingToken: token, resumed: response.resumed === true }
  }
}

/** The answers to unary calls that are recorded. */
interface WithLease {
  readonly lease: Lease__Output | null
  readonly resumed?: boolean
}

/** What only some requests have. */
const absent = {
  namespace: '',
  name: '',
  holderIdentity: '',
  fencingToken: 0,
  leaseDuration: { seconds: '0', nanos: 0 },
}

/** Statuses with which the coordinator says that it changed nothing. */
const refusals = ['FAILED_PRECONDITION', 'NOT_FOUND', 'ABORTED', 'INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED']

function failure(error: unknown): Ending {
  if (!(error instanceof TransportError)) return { outcome: 'unknown', reason: String(error) }
  const { status, reason, metadata } = error
  if (!refusals.includes(status) || reason === '') return { outcome: 'unknown', reason: reason || status }
  return { outcome: 'refused', reason, holderIdentity: metadata.holder ?? '' }
}
