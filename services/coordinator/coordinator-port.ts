import type { Coordinator } from './coordinator.js'

/** What lists, watches and the resource APIs need of the coordinator. */
export type CoordinatorPort = Pick<Coordinator, 'execute' | 'feed' | 'journalId'>
