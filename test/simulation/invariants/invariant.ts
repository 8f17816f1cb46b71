import type { World } from '../world.js'

/** A promise that is looked at after every step. */
export interface Invariant {
  /** @returns what is broken; undefined while it holds. */
  check(): string | undefined
  /** The same at the end of the world. */
  checkEnd?(): Promise<string | undefined>
}

export type InvariantMaker = (world: World) => Invariant
