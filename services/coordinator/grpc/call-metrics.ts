import { ResponderBuilder, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js'
import { Counter, Histogram, type Registry } from 'prom-client'
import type { Clock } from '../../../clock/clock.js'
import { holdPath } from '../../../protos/load.js'

/** The usual grpc_server_* metrics. Messages of Hold streams are counted as renewals and batches, not here. */
export class CallMetrics {
  readonly #clock: Clock
  readonly #started: Counter
  readonly #handled: Counter
  readonly #seconds: Histogram

  constructor(registry: Registry, clock: Clock) {
    this.#clock = clock
    const registers = [registry]
    const labelNames = ['grpc_service', 'grpc_method']
    this.#started = new Counter({
      name: 'grpc_server_started_total',
      help: 'Calls that began.',
      labelNames,
      registers,
    })
    this.#handled = new Counter({
      name: 'grpc_server_handled_total',
      help: 'Calls that ended, by status.',
      labelNames: [...labelNames, 'grpc_code'],
      registers,
    })
    this.#seconds = new Histogram({
      name: 'grpc_server_handling_seconds',
      help: 'How long calls took; of a stream, its life.',
      labelNames,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10],
      registers,
    })
  }

  /** Notes that a call began; the function returned notes its end. */
  begin(path: string): (code: status) => void {
    const [, service = '', method = ''] = path.split('/')
    const labels = { grpc_service: service, grpc_method: method }
    const startedMs = this.#clock.monotonicMs()
    this.#started.inc(labels)
    return code => {
      this.#handled.inc({ ...labels, grpc_code: status[code] })
      this.#seconds.observe(labels, (this.#clock.monotonicMs() - startedMs) / 1e3)
    }
  }
}

/** Counts calls. Hold streams pass by it: an interceptor would cost something for each of their messages. */
export const callInterceptor =
  (metrics: CallMetrics): ServerInterceptor =>
  (method, call) => {
    if (method.path === holdPath) return call as ServerInterceptingCall
    const end = metrics.begin(method.path)
    const responder = new ResponderBuilder()
      .withSendStatus((sent, next) => {
        end(sent.code)
        next(sent)
      })
      .build()
    return new ServerInterceptingCall(call, responder)
  }
