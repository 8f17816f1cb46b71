import type { Lease, LeaseholdClient } from '../../client/index.js'

/** All leases of a namespace, or of all. */
export async function listAll(client: LeaseholdClient, namespace?: string): Promise<Lease[]> {
  const leases: Lease[] = []
  for await (const page of client.list({ pageSize: 1_000, ...(namespace === undefined ? {} : { namespace }) })) {
    leases.push(...page.leases)
  }
  return leases
}
