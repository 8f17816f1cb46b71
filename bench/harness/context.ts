import type { BenchContext, Scale } from './bench-case.js'
import { CoordinatorProcess, type ProfileOptions } from './coordinator-process.js'
import { type EtcdBinary, EtcdProcess } from './etcd-process.js'
import { NatsProcess } from './nats-process.js'

/** Somebody ended the run. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

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
  const broken = whenBroken()
  try {
    const running = run({
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
    return await Promise.race([running, broken.promise])
  } finally {
    for (const end of ends.reverse()) await end()
    broken.forget()
  }
}

/** Rejects when something throws where nobody waits for it, as a load does that loses a lease, and at Ctrl-C. */
function whenBroken(): { promise: Promise<never>; forget(): void } {
  let onError: (error: Error) => void = () => {}
  const promise = new Promise<never>((_, reject) => {
    onError = reject
  })
  promise.catch(() => {})
  const onSignal = (signal: NodeJS.Signals): void => onError(new Interrupted(`ended by ${signal}`))
  process.on('uncaughtException', onError).on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return {
    promise,
    forget() {
      process.off('uncaughtException', onError).off('SIGINT', onSignal).off('SIGTERM', onSignal)
    },
  }
}
