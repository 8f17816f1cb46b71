import { systemRandom } from '../../clock/random.js'
import { systemClock } from '../../clock/system-clock.js'
import { type CoordinatorServer, startServer } from '../../services/coordinator/grpc/server.js'
import { MemoryStore, openMemoryJournal } from '../../services/coordinator/journal/memory-journal.js'
import { type OpenCoordinator, openCoordinator } from '../../services/coordinator/open-coordinator.js'

/** A coordinator in this process: real clock, real gRPC on a port of the system's choosing, journal in memory. */
export interface TestCoordinator extends OpenCoordinator {
  /** HOST:PORT. */
  readonly address: string
  readonly store: MemoryStore
  readonly server: CoordinatorServer
  stop(): Promise<void>
}

/** Starts one; give the store of one that was stopped to start it again with its state. */
export async function startCoordinator(
  store = new MemoryStore(systemRandom),
  listen = '127.0.0.1:0',
): Promise<TestCoordinator> {
  const failures: Error[] = []
  const opened = await openCoordinator({
    journal: openMemoryJournal(store),
    clock: systemClock,
    random: systemRandom,
    onFailure: error => failures.push(error),
  })
  const server = await startServer({
    coordinator: opened.coordinator,
    clock: systemClock,
    listen,
    log: { error: error => failures.push(error instanceof Error ? error : new Error(String(error))) },
  })
  return {
    ...opened,
    store,
    server,
    address: server.address,
    async stop() {
      await server.stop(0)
      await opened.coordinator.stop()
      opened.leaseClock.stop()
      const [failure] = failures
      if (failure !== undefined) throw failure
    },
  }
}
