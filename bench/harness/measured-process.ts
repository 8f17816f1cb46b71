import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The kernel counts CPU time in hundredths of a second, whatever its own tick. */
const ticksPerSecond = 100

/** What a process has used so far. */
export interface Usage {
  /** User and system. */
  readonly cpuSeconds: number
  /** The most that it had in memory at once. */
  readonly peakBytes: number
  /** What it has in memory now. */
  readonly residentBytes: number
}

/** What /proc says of a process. */
export function usageOf(pid: number | 'self'): Usage {
  // The name of the program, in brackets, may have spaces.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const bytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
  const ticks = Number(fields[11]) + Number(fields[12])
  return { cpuSeconds: ticks / ticksPerSecond, peakBytes: bytes('VmHWM'), residentBytes: bytes('VmRSS') }
}

/** A process that the benchmark has started, and ends. */
export class MeasuredProcess {
  readonly pid: number
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child
    this.pid = pid
    this.ended = new Promise(resolve => child.once('exit', resolve))
  }

  /** @throws Error when there is no such program. */
  static async start(
    command: string,
    args: readonly string[],
    { environment = {}, onStderr }: { environment?: NodeJS.ProcessEnv; onStderr?: (child: ChildProcess) => void } = {},
  ): Promise<MeasuredProcess> {
    const stdio = ['ignore', 'ignore', onStderr === undefined ? 'ignore' : 'pipe'] as const
    const child = spawn(command, args, { stdio: [...stdio], env: { ...process.env, ...environment } })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    onStderr?.(child)
    return new MeasuredProcess(child, child.pid ?? 0)
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  usage(): Usage {
    return usageOf(this.pid)
  }

  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.hasEnded) this.#child.kill(signal)
    await this.ended
  }
}

/** What a process used from here on. */
export class Meter {
  readonly #process: { usage(): Usage }
  #before: Usage

  constructor(process: { usage(): Usage } = { usage: () => usageOf('self') }) {
    this.#process = process
    this.#before = process.usage()
  }

  /** Figures of a measurement, since the last call; CPU for each of so many things that were done. */
  figures(count?: number): { cpuSeconds: number; cpuMicros?: number; peakMb: number } {
    const now = this.#process.usage()
    const cpuSeconds = now.cpuSeconds - this.#before.cpuSeconds
    this.#before = now
    return {
      cpuSeconds,
      ...(count !== undefined && count > 0 && { cpuMicros: (cpuSeconds * 1e6) / count }),
      peakMb: now.peakBytes / 1e6,
    }
  }
}
