import type { Hold, HoldState } from '../../client/hold.js'
import { LeaseLostError } from '../../client/index.js'
import type { AgentSession } from './agent.js'

/** Everything an agent holds or waits for: what its health file and its metrics tell. */
export class Holdings {
  /** Told of each change of a state. */
  readonly #changed: () => void
  /** Told why a lease that was held is lost. */
  readonly #lost: (cause: string) => void
  readonly #states = new Map<Hold, HoldState>()
  readonly #counts: Record<HoldState, number> = { waiting: 0, held: 0, jeopardy: 0, lost: 0 }

  constructor(listeners: { changed(): void; lost(cause: string): void }) {
    this.#changed = () => listeners.changed()
    this.#lost = cause => listeners.lost(cause)
  }

  /** The same session, with what is acquired on it noted here. */
  watch(session: AgentSession): AgentSession {
    return {
      acquire: options => {
        const hold = session.acquire(options)
        this.#add(hold)
        return hold
      },
      close: options => session.close(options),
    }
  }

  /** How many there are in each state; 'lost' counts all that ever were. */
  counts(): Readonly<Record<HoldState, number>> {
    return this.#counts
  }

  /** What is held or waited for now. */
  holds(): IterableIterator<Hold> {
    return this.#states.keys()
  }

  #add(hold: Hold): void {
    this.#note(hold)
    hold.onChange(() => this.#note(hold))
  }

  #note(hold: Hold): void {
    // Asked first: a look at the clock may find the lease lost, and that comes here, too.
    const { state } = hold
    const before = this.#states.get(hold)
    if (before === state || (before === undefined && state === 'lost')) return
    if (before !== undefined) this.#counts[before] -= 1
    this.#counts[state] += 1
    if (state === 'lost') {
      this.#states.delete(hold)
      if (before !== undefined && before !== 'waiting') this.#lost(lossCause(hold))
    } else {
      this.#states.set(hold, state)
    }
    this.#changed()
  }
}

const lossCause = ({ error }: Hold): string => (error instanceof LeaseLostError ? error.lossCause : 'refused')
