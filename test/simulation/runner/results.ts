import type { Machine } from './machine.js'

/** What `make simulate` writes. */
export interface SimulationResults extends Machine {
  readonly command: string
  readonly firstSeed: number
  readonly seeds: number
  /** In how many runs, one after another; absent: in one. */
  readonly runs?: number
  readonly brokenSeeds: number
  /** The first of them. */
  readonly broken: readonly { readonly seed: number; readonly seenBy?: string | undefined; readonly what: string }[]
  readonly virtualHours: number
  readonly seconds: number
  readonly steps: number
  readonly workers: number
  /** The most that outlived the worlds of a worker, in all and in the first tenth of the seeds. */
  readonly memoryBytes: number
  readonly memoryAtTenthBytes: number
  /** What happened, and how often; faults begin with `fault `. */
  readonly counts: Readonly<Record<string, number>>
}

/** What came of a planted bug. */
export interface Finding {
  readonly name: string
  readonly plants: string
  /** Worlds that were run. */
  readonly seeds: number
  /** Worlds in which something was broken that is not without it. */
  readonly found: number
  readonly firstSeed?: number
  /** Which invariants saw it first, and in how many worlds. */
  readonly seenBy: Readonly<Record<string, number>>
}

/** What `make simulate-mutants` writes. */
export interface MutantResults extends Machine {
  readonly command: string
  readonly seeds: number
  readonly mutants: readonly Finding[]
}

/** A bug that a simulated world has shown, as found.json keeps it. */
export interface Found {
  /** What was wrong, in a line. */
  readonly what: string
  readonly seed: number
  /** The commit that mended it. */
  readonly commit: string
}

/** Where the world itself was not as it is, or an invariant asked for more than is promised: no bug. */
export type FalseAlarm = Pick<Found, 'what' | 'seed'>
