import type { BenchContext, Scale } from './bench-case.js'
import { CoordinatorProcess, type ProfileOptions } from './coordinator-process.js'
import { type EtcdBinary, EtcdProcess } from './etcd-process.js'
import { NatsProcess } from './nats-process.js'

export interface ContextOptions extends ProfileOptions {
  readonly scale: Scale
  readonly etcds: readonly EtcdBinary[]
  say(line: string): void
}

/** Runs something with a context of its own, and ends what was started in it. */
export async function withContext<T>(
  { scale, etcds, say, profiles }: ContextOptions,
  run: (context: BenchContext) => Promise<T>,
): Promise<T> {
  const ends: (() => Promise<void> | void)[] = []
  const started = <Process extends { remove(): Promise<void> }>(process: Process): Process => {
    ends.push(() => process.remove())
    return process
  }
  try {
    return await run({
      scale,
      etcds,
      say,
      scaled: values => values[scale],
      async startCoordinator(options = {}) {
        const coordinator = started(new CoordinatorProcess(options, { profiles }))
        await coordinator.start()
        return coordinator
      },
      startNats: async () => started(await NatsProcess.start()),
      startEtcd: async binary => started(await EtcdProcess.start(binary)),
      defer: end => void ends.push(end),
    })
  } finally {
    for (const end of ends.reverse()) await end()
  }
}
