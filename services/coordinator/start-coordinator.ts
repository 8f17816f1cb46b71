import type { Logger } from 'pino'
import type { Clock } from '../../clock/clock.js'
import type { Random } from '../../clock/random.js'
import type { Config } from './config.js'
import { NatsPublisher } from './feed/nats-publisher.js'
import { publishRecords } from './feed/publish-records.js'
import { CallMetrics } from './grpc/call-metrics.js'
import { type CoordinatorServer, startServer } from './grpc/server.js'
import { type HttpFace, startHttpFace } from './http.js'
import { openJournal } from './journal/open-journal.js'
import { kubernetesRoutes } from './kubernetes/routes.js'
import { defaultSessionLimits } from './lease/sessions.js'
import { defaultLimits } from './lease/validation.js'
import { CoordinatorMetrics } from './metrics.js'
import { type OpenCoordinator, openCoordinator } from './open-coordinator.js'
import { OpenWatches } from './reads/open-watches.js'
import { Snapshots } from './snapshots.js'
import { StorageWatch } from './storage-watch.js'

const bytesPerMib = 1024 * 1024

/** How long clients have to leave a coordinator that stops. */
const drainGraceMs = 2_000

/** How long events may take to reach NATS at a stop; what does not stays in the journal. */
const publishGraceMs = 1_000

export interface StartOptions {
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** The journal failed: the process must end. */
  readonly onFailure: (error: Error) => void
}

/** A coordinator that serves. */
export interface RunningCoordinator {
  readonly open: OpenCoordinator
  readonly server: CoordinatorServer
  readonly http: HttpFace
  /** Drains: health says so first, clients are told, everything acknowledged is durable. */
  stop(): Promise<void>
}

/**
 * Puts a coordinator together and starts it: journal, core, faces, NATS.
 * @throws Error saying in one line what is wrong: JournalInUse, an address in use, a journal that cannot be read.
 */
export async function startCoordinator({
  config,
  clock,
  random,
  log,
  onFailure,
}: StartOptions): Promise<RunningCoordinator> {
  const metrics = new CoordinatorMetrics()
  const journal = await openJournal(config.journal, { random })
  const startedMs = clock.monotonicMs()
  let publisher: NatsPublisher | undefined
  let snapshots: Snapshots | undefined
  const open: OpenCoordinator = await openCoordinator({
    journal,
    clock,
    random,
    sessionLimits: { ...defaultSessionLimits, maxWaitersPerLease: config.maxWaiters },
    collectionRules: config.collect,
    windowSize: config.watchWindow,
    outboxLimit: config.noNats ? 0 : config.outboxLimit,
    observer: {
      renewed: timeLeftMs => metrics.renewed(timeLeftMs),
      expired: latenessMs => metrics.expired(latenessMs),
      collected: () => metrics.collected(),
      appended(changes, bytes, durationMs) {
        metrics.appended(changes, bytes, durationMs)
        snapshots?.appended(bytes)
      },
    },
    onDurable: records => {
      if (publisher !== undefined) publishRecords(publisher, records, config.renewedEvents ? open.table : undefined)
    },
    onFailure,
  })
  const { coordinator, table, outbox, leaseClock } = open
  log.info(
    { journal: config.journal, leases: table.size, ms: Math.round(clock.monotonicMs() - startedMs) },
    'journal read',
  )
  metrics.watch(open)
  publisher = config.noNats
    ? undefined
    : new NatsPublisher({
        url: config.nats,
        journalId: journal.id,
        outbox,
        clock,
        random,
        log,
        renewedEvents: config.renewedEvents,
        isPressed: () => coordinator.isMoreDue,
        checkOwner: () => journal.checkOwner(),
        onPublished: throughRevision => coordinator.published(throughRevision),
      })
  snapshots = new Snapshots({
    open,
    journal,
    clock,
    everyBytes: config.snapshotEvery * bytesPerMib,
    freeBytes: () => storage.freeBytes,
    onTaken: ({ leases, bytes }, durationMs) =>
      log.info({ leases, bytes, ms: Math.round(durationMs) }, 'snapshot taken'),
    onFailure: error =>
      log.error({ error: error.message }, 'no snapshot could be taken; the one before it still counts'),
  })
  const storage = new StorageWatch({
    journal,
    coordinator,
    minFreeBytes: config.minFree * bytesPerMib,
    clock,
    onChange: (isShort, freeBytes) =>
      isShort
        ? log.error(
            { journal: config.journal, freeBytes },
            'too little free space: only renew, release and delete go on',
          )
        : log.info({ journal: config.journal, freeBytes }, 'there is free space again'),
    onDeposed: onFailure,
  })
  await storage.start()
  let isDraining = false
  const limits = {
    ...defaultLimits,
    minLeaseDurationMs: config.minLeaseDuration,
    maxLeaseDurationMs: config.maxLeaseDuration,
  }
  // One bound for the watches of both faces; the end of the gRPC face ends them all.
  const openWatches = new OpenWatches()
  const server = await startServer({
    coordinator,
    clock,
    listen: config.listen,
    limits,
    metrics: new CallMetrics(metrics.registry, clock),
    log,
    openWatches,
  }).catch(error => Promise.reject(cannotListen('listen', config.listen, error)))
  const http = await startHttpFace({
    listen: config.http,
    registry: metrics.registry,
    whyNotReady: () => (isDraining ? 'stopping' : undefined),
    routes: app => kubernetesRoutes(app, { coordinator, clock, random, limits, log, openWatches }),
  }).catch(error => Promise.reject(cannotListen('http', config.http, error)))
  metrics.gauge('leasehold_journal_free_bytes', 'Bytes that can still be written.', () => storage.freeBytes)
  metrics.counter(
    'leasehold_clients_cut_off_total',
    'Hold streams ended since the client did not read.',
    () => server.holds.cutOffCount,
  )
  const events = publisher
  if (events !== undefined) {
    metrics.gauge('leasehold_nats_connected', 'Whether NATS is reached.', () => Number(events.isConnected))
    metrics.gauge(
      'leasehold_event_lag_seconds',
      'How long the oldest unpublished event has waited.',
      () => events.lagMs / 1e3,
    )
    metrics.counter('leasehold_events_published_total', 'Events that NATS has.', () => events.published)
    metrics.counter('leasehold_renewed_events_total', 'Events of renewals sent.', () => events.renewedSent)
    metrics.counter(
      'leasehold_renewed_events_dropped_total',
      'Events of renewals not sent.',
      () => events.renewedDropped,
    )
  }
  log.info({ grpc: server.address, http: http.address, journalId: journal.id, epoch: journal.epoch }, 'serving')
  return {
    open,
    server,
    http,
    async stop() {
      isDraining = true
      await server.stop(drainGraceMs)
      await publisher?.close(publishGraceMs)
      await coordinator.stop()
      storage.stop()
      leaseClock.stop()
      await http.stop()
      await journal.close()
      log.info({ revision: open.core.revision }, 'stopped')
    },
  }
}

const cannotListen = (key: string, address: string, error: unknown): Error =>
  new Error(
    `${key}: ${address} cannot be used: ${error instanceof Error ? error.message : error}; choose another with --${key}`,
  )
