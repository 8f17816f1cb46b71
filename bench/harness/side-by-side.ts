import { type BenchContext, measuredSeconds, warmUpSeconds } from './bench-case.js'
import { Latencies } from './latencies.js'
import { Meter, type Usage } from './measured-process.js'

/** How often each subject is measured: a machine that is slow for a while is to be slow for all of them. */
export const rounds = 5

/** What a load came to that went on as fast as it goes. */
interface Round {
  readonly seconds: number
  /** How long each renewal, call or pair took that the load consists of. */
  readonly latencies: Latencies
}

interface SubjectOptions {
  readonly name: string
  /** Whose CPU and memory count. */
  readonly server: { usage(): Usage }
  /** The load, as fast as it goes. */
  readonly run: (seconds: number) => Promise<Round>
}

/** A server under a load that is measured beside others, all of which are there at once and take turns. */
export class Subject {
  readonly name: string
  /** Of all rounds. */
  readonly latencies = new Latencies()
  readonly #server: { usage(): Usage }
  readonly #run: (seconds: number) => Promise<Round>
  readonly #rates: number[] = []
  #cpuSeconds = 0
  #loadCpuSeconds = 0

  constructor({ name, server, run }: SubjectOptions) {
    this.name = name
    this.#server = server
    this.#run = run
  }

  async warmUp(seconds: number): Promise<void> {
    await this.#run(seconds)
  }

  /** A round. */
  async measure(askedSeconds: number): Promise<void> {
    const [server, load] = [new Meter(this.#server), new Meter()]
    const { seconds, latencies } = await this.#run(askedSeconds)
    this.latencies.addAll(latencies)
    this.#rates.push(latencies.count / seconds)
    this.#cpuSeconds += server.figures().cpuSeconds
    this.#loadCpuSeconds += load.figures().cpuSeconds
  }

  /** How much it did in a second of its middle round. */
  get perSecond(): number {
    return median(this.#rates)
  }

  /** What each thing that was done cost in all rounds. */
  get costs(): { cpuMicros: number; loadCpuMicros: number; peakMb: number } {
    const { count } = this.latencies
    return {
      cpuMicros: (this.#cpuSeconds * 1e6) / count,
      loadCpuMicros: (this.#loadCpuSeconds * 1e6) / count,
      peakMb: this.#server.usage().peakBytes / 1e6,
    }
  }

  /** How many times as fast as another it was in the middle one of their rounds. */
  timesAsFastAs(other: Subject): number {
    return median(this.#rates.map((rate, round) => rate / (other.#rates[round] ?? 1)))
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Measures each of them in turn, round by round, for `measuredSeconds` in all. */
export async function takeTurns(
  { scaled }: BenchContext,
  entrants: readonly { readonly subject: Subject }[],
  warmUp = warmUpSeconds,
): Promise<void> {
  const seconds = scaled(measuredSeconds) / rounds
  for (const { subject } of entrants) await subject.warmUp(scaled(warmUp))
  for (let round = 0; round < rounds; round++) {
    for (const { subject } of entrants) await subject.measure(seconds)
  }
}
