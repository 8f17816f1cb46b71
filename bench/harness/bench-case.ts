import type { CoordinatorOptions, CoordinatorProcess } from './coordinator-process.js'
import type { EtcdBinary, EtcdProcess } from './etcd-process.js'
import type { NatsProcess } from './nats-process.js'

/**
 * How much of a case is run: 'full' as its aim states, for a case that was asked for by name; 'short' for a run of all;
 * 'smoke' the least that shows that it works, whose figures mean nothing.
 */
export type Scale = 'full' | 'short' | 'smoke'

/**
 * So many seconds of a load come before what is measured of it: the client and the server are compiled meanwhile, which
 * takes as long in a short run. For `scaled`.
 */
export const warmUpSeconds: Readonly<Record<Scale, number>> = { full: 4, short: 4, smoke: 0.05 }

/** So many seconds a load is measured, and as many again where times are taken at a fixed rate. For `scaled`. */
export const measuredSeconds: Readonly<Record<Scale, number>> = { full: 10, short: 4, smoke: 0.2 }

/** What was measured of one subject under one load: a line of the table. */
export interface Measurement {
  /** The load: '100 streams'. */
  readonly load: string
  /** Who bore it: 'leasehold', 'etcd 3.4.23'. */
  readonly subject: string
  /** By names that end in their unit: `renewalsPerSecond`, `p99Ms`, `cpuMicros`, `peakMb`, `leases`. */
  readonly figures: Readonly<Record<string, number>>
}

/** leasehold against a peer, or one load against another: what another machine should find alike. */
export interface Ratio {
  readonly name: string
  readonly ratio: number
}

/** What a case is to reach. */
export interface Aim {
  readonly aim: string
  readonly reached: string
  readonly isMet: boolean
}

/** Bars in groups, one for each subject. */
export interface Plot {
  readonly title: string
  /** What the bars count, with the unit. */
  readonly axis: string
  /** For values of which some are many times others. */
  readonly isLogarithmic?: boolean
  readonly groups: readonly { readonly name: string; readonly bars: Readonly<Record<string, number>> }[]
}

export interface CaseResult {
  readonly measurements: readonly Measurement[]
  readonly ratios?: readonly Ratio[]
  readonly aims: readonly Aim[]
  readonly plot?: Plot
}

/** What a case is given. What it starts is ended for it, also after a failure. */
export interface BenchContext {
  readonly scale: Scale
  /** The value for the scale of this run. */
  scaled<T>(values: Readonly<Record<Scale, T>>): T
  /** What is going on, for who watches the run. */
  say(line: string): void
  startCoordinator(options?: CoordinatorOptions): Promise<CoordinatorProcess>
  startNats(): Promise<NatsProcess>
  /** Peers to measure beside, the newest first; none where there is no etcd. */
  readonly etcds: readonly EtcdBinary[]
  startEtcd(binary: EtcdBinary): Promise<EtcdProcess>
  /** Called when the case is over, the last first. */
  defer(end: () => Promise<void> | void): void
}

export interface BenchCase {
  /** As in `make bench CASE=name`. */
  readonly name: string
  /** What is measured, in a sentence. */
  readonly about: string
  run(context: BenchContext): Promise<CaseResult>
}
