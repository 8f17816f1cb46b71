import type { Coordinator } from '../coordinator.js'
import { LeaseError } from '../lease/errors.js'
import type { LeaseImage } from '../lease/lease.js'

/** Which leases are deleted. */
export interface DeleteSelection {
  /** '' for all. */
  readonly namespace: string
  readonly matches: (lease: LeaseImage) => boolean
  /** Answer as if, but delete nothing. */
  readonly validateOnly?: boolean
}

/** How many deletions wait for the coordinator at a time. */
const leasesPerStep = 500

/**
 * Deletes the leases of a selection one by one, some at a time, so that the coordinator makes batches of them as large
 * as it likes and others have their turn in between. Leases that come meanwhile are met or missed.
 *
 * @returns what was deleted in each step, as the deletion left it: with finalizers a lease is only marked.
 * @throws LeaseError for what cannot be deleted now; what was deleted before that is.
 */
export async function* deleteLeases(
  coordinator: Pick<Coordinator, 'execute'>,
  { namespace, matches, validateOnly = false }: DeleteSelection,
): AsyncGenerator<readonly LeaseImage[]> {
  let after: string | undefined
  do {
    const query = { namespace, matches, limit: leasesPerStep, ...(after !== undefined && { after }) }
    const page = await coordinator.execute('read', leases => leases.list(query))
    const deletions = page.leases.map(({ namespace, name }) =>
      coordinator.execute('keep', (leases, time) => {
        // It may be another one by now.
        if (!matches(leases.get({ namespace, name }))) return undefined
        return leases.delete({ namespace, name, validateOnly }, time)
      }),
    )
    const outcomes = await Promise.allSettled(deletions)
    const done: LeaseImage[] = []
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') {
        if (!(outcome.reason instanceof LeaseError) || outcome.reason.code !== 'LEASE_NOT_FOUND') throw outcome.reason
      } else if (outcome.value !== undefined) done.push(outcome.value)
    }
    yield done
    after = page.after
  } while (after !== undefined)
}
