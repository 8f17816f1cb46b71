import type { World } from '../world.js'

/**
 * The tokens of tenancies that were ended against their holder's will: superseded, revoked or deleted with the lease. Their
 * holder may believe in them until it hears of it, or until its local deadline; only the guarded resource is safe. A lease
 * that another elector wrote is none of them: it waited until its holder had given up.
 */
export class ForcedEnds {
  readonly #tokens = new Set<number>()
  /** The token of each lease that is held, by the lease's id. */
  readonly #held = new Map<number, number>()

  constructor({ coordinator }: World) {
    coordinator.ears.push({
      durable: records => {
        for (const record of records) {
          if (record.type === 'renewed' || record.type === 'published') continue
          const { id, state, fencingToken } = record.lease
          const isForced = record.cause === 'superseded' || record.cause === 'revoked' || record.type === 'deleted'
          if (isForced) this.#end(id)
          if (state === 'held' && record.type !== 'deleted') this.#held.set(id, fencingToken)
          else this.#held.delete(id)
        }
      },
    })
  }

  has(token: number): boolean {
    return this.#tokens.has(token)
  }

  #end(id: number): void {
    const token = this.#held.get(id)
    if (token !== undefined) this.#tokens.add(token)
    this.#held.delete(id)
  }
}
