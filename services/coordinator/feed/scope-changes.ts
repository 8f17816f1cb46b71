import type { Transition } from '../lease/records.js'
import { Ring } from './ring.js'
import { isInScope, type Scope } from './scope.js'
import type { Window } from './window.js'

/** The transitions of the window that are in one scope: all that its watchers read, however many others there are. */
export class ScopeChanges {
  readonly #scope: Scope
  readonly #window: Window
  #transitions = new Ring<Transition>()
  /** Those past this revision are here, as far as the window has them. */
  #since: number

  constructor(scope: Scope, window: Window) {
    this.#scope = scope
    this.#window = window
    this.#since = window.revision
  }

  /** The position after the newest. */
  get end(): number {
    return this.#transitions.end
  }

  at(position: number): Transition {
    return this.#transitions.at(position)
  }

  /** Where those after a revision begin. A position is good until the next `reachBack`. */
  firstAfter(revision: number): number {
    const { end, size } = this.#transitions
    if (size === 0 || this.at(end - 1).lease.revision <= revision) return end
    return this.#transitions.firstWhere(({ lease }) => lease.revision > revision)
  }

  /** Has those after a revision from now on, for a watcher that resumes. */
  reachBack(revision: number): void {
    if (revision >= this.#since) return
    this.#since = revision
    this.#transitions = new Ring()
    const { end } = this.#window
    for (let position = this.#window.positionAfter(revision); position < end; position += 1) {
      const transition = this.#window.at(position)
      if (isInScope(transition.lease, this.#scope)) this.#transitions.add(transition)
    }
  }

  /** Takes the next, which the window has already. */
  add(transition: Transition): void {
    this.#transitions.add(transition)
  }

  /** Drops what the window has dropped. */
  dropThrough(revision: number): void {
    this.#transitions.dropBefore(this.firstAfter(revision))
  }
}
