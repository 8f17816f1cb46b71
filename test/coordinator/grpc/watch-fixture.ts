import { Server, ServerCredentials } from '@grpc/grpc-js'
import anyTest, { type TestFn } from 'ava'
import { systemRandom } from '../../../clock/random.js'
import { systemClock } from '../../../clock/system-clock.js'
import { leaseService, leaseServiceDefinition } from '../../../services/coordinator/grpc/lease-service.js'
import type { WatchStreams } from '../../../services/coordinator/grpc/watch-streams.js'
import { MemoryStore, openMemoryJournal } from '../../../services/coordinator/journal/memory-journal.js'
import { type OpenCoordinator, openCoordinator } from '../../../services/coordinator/open-coordinator.js'
import { LeaseClient } from '../../support/lease-client.js'
import { VirtualClock } from '../../support/virtual-clock.js'

/** The real coordinator behind LeaseService alone; the watches' clock moves when told. */
export interface Context {
  opened: OpenCoordinator
  watches: WatchStreams
  clock: VirtualClock
  client: LeaseClient
  stop(): Promise<void>
}

export const test = anyTest as TestFn<Context>

export const windowSize = 200
export const maxWatches = 3

test.beforeEach(async t => {
  const failures: unknown[] = []
  const opened = await openCoordinator({
    journal: openMemoryJournal(new MemoryStore(systemRandom)),
    clock: systemClock,
    random: systemRandom,
    windowSize,
    onFailure: error => failures.push(error),
  })
  const clock = new VirtualClock()
  const log = { error: (fields: object) => failures.push(fields) }
  const { handlers, watches } = leaseService({ coordinator: opened.coordinator, clock, log, maxWatches })
  const server = new Server()
  server.addService(leaseServiceDefinition, { ...handlers })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  const client = new LeaseClient(`127.0.0.1:${port}`)
  const stop = async () => {
    client.close()
    server.forceShutdown()
    await opened.coordinator.stop()
    opened.leaseClock.stop()
    t.deepEqual(failures, [])
  }
  t.context = { opened, watches, clock, client, stop }
})

test.afterEach.always(t => t.context.stop())

export const namespace = 'default'

export const create = ({ client }: Context, name: string, labels: Record<string, string> = {}) =>
  client.call('CreateLease', { lease: { metadata: { namespace, name, labels } } })

export const relabel = ({ client }: Context, name: string, labels: Record<string, string>) =>
  client.call('UpdateLease', { lease: { metadata: { namespace, name, labels } } })

export const acquire = ({ client }: Context, name: string) =>
  client.call('AcquireLease', { namespace, name, holderIdentity: 'me', leaseDuration: { seconds: 600 } })
