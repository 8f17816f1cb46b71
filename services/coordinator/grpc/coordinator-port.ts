import type { Coordinator } from '../coordinator.js'

/** What the resource API needs of the coordinator. */
export type CoordinatorPort = Pick<Coordinator, 'execute' | 'feed' | 'journalId'>
