import { Server, ServerCredentials } from '@grpc/grpc-js'
import { ReflectionService } from '@grpc/reflection'
import { HealthImplementation } from 'grpc-health-check'
import type { Clock } from '../../../clock/clock.js'
import { holdPath } from '../../../protos/load.js'
import type { Coordinator } from '../coordinator.js'
import { defaultLimits, type Limits } from '../lease/validation.js'
import type { OpenWatches } from '../reads/open-watches.js'
import { type CallMetrics, callInterceptor } from './call-metrics.js'
import { HoldStreams } from './hold.js'
import { leaseService, leaseServiceDefinition } from './lease-service.js'
import { maxMessageBytes } from './message-stream.js'
import { reflectionDefinition } from './reflection.js'
import type { ErrorLog } from './status-details.js'

/** A client that is gone without a word is noticed within keepalive time and timeout. */
const serverOptions = {
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
}

/** Hold in bytes: its codec is our own. */
const holdDefinition = {
  Hold: {
    path: holdPath,
    requestStream: true as const,
    responseStream: true as const,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
}

export interface ServerOptions {
  readonly coordinator: Coordinator
  readonly clock: Clock
  /** HOST:PORT; port 0 for one of the system's choosing. */
  readonly listen: string
  readonly limits?: Limits
  readonly metrics?: CallMetrics
  /** Shared with the other faces; absent: this face has its own. */
  readonly openWatches?: OpenWatches
  /** Told what no client can cause. */
  readonly log: ErrorLog
}

/** The gRPC face, listening. */
export interface CoordinatorServer {
  /** HOST:PORT as bound. */
  readonly address: string
  readonly holds: HoldStreams
  /**
   * Tells health checks and clients that this coordinator stops, gives clients `graceMs` to leave, then ends what is
   * still open. What was acknowledged stays so.
   */
  stop(graceMs: number): Promise<void>
}

/** @throws Error when the address cannot be bound. */
export async function startServer(options: ServerOptions): Promise<CoordinatorServer> {
  const { coordinator, clock, listen, limits = defaultLimits, log, metrics, openWatches } = options
  const server = new Server({ ...serverOptions, interceptors: metrics === undefined ? [] : [callInterceptor(metrics)] })
  const health = new HealthImplementation()
  setHealth(health, 'SERVING')
  const holds = new HoldStreams(coordinator, limits)
  const { handlers, watches } = leaseService({
    coordinator,
    clock,
    limits,
    log,
    ...(openWatches !== undefined && { openWatches }),
  })
  server.addService(holdDefinition, { Hold: holds.handle })
  server.addService(leaseServiceDefinition, { ...handlers })
  health.addToServer(server)
  new ReflectionService(reflectionDefinition()).addToServer(server)
  const port = await bind(server, listen)
  return {
    address: `${listen.slice(0, listen.lastIndexOf(':'))}:${port}`,
    holds,
    async stop(graceMs) {
      setHealth(health, 'NOT_SERVING')
      holds.drain(graceMs / 2)
      await passes(clock, graceMs, () => holds.size === 0)
      // After a pause the time is over before the sockets are read: a renewal that waits there still counts. A coordinator
      // whose journal has failed reads no more.
      await coordinator.execute('read', () => undefined).catch(() => {})
      holds.end()
      watches.endAll()
      await closed(server, clock)
    },
  }
}

/** The server as a whole, and each service by name. */
function setHealth(health: HealthImplementation, status: 'SERVING' | 'NOT_SERVING'): void {
  for (const service of ['', 'leasehold.v1.LeaseService', 'leasehold.v1.SessionService']) {
    health.setStatus(service, status)
  }
}

function bind(server: Server, listen: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    )
  })
}

/** How often a wait looks whether it is over. */
const lookEveryMs = 20

/** Resolves after the time, or as soon as the condition holds. */
function passes(clock: Clock, ms: number, isOver: () => boolean): Promise<void> {
  return new Promise(resolve => {
    const endMs = clock.monotonicMs() + ms
    const look = (): void => {
      if (isOver() || clock.monotonicMs() >= endMs) resolve()
      else clock.setTimer(lookEveryMs, look)
    }
    look()
  })
}

/** How long calls that are answered may take to be flushed. */
const flushWithinMs = 500

async function closed(server: Server, clock: Clock): Promise<void> {
  let isClosed = false
  server.tryShutdown(() => {
    isClosed = true
  })
  await passes(clock, flushWithinMs, () => isClosed)
  server.forceShutdown()
}
