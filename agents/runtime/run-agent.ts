import { hostname } from 'node:os'
import { LeaseholdClient } from '../../client/index.js'
import { systemRandom } from '../../clock/random.js'
import { systemClock } from '../../clock/system-clock.js'
import { agentLog } from './agent-log.js'
import { readCommandLine } from './command-line.js'
import { addressList } from './common-options.js'
import { exitCodeOfSignal } from './exit-codes.js'
import { hostAgent } from './host-agent.js'

const stopSignals = ['SIGTERM', 'SIGINT'] as const

/**
 * `leasehold agent`: loads an agent, connects it, and runs it until it is done or told to stop. The first SIGTERM or
 * SIGINT stops it, a second one ends it at once.
 *
 * @param argv what follows `leasehold agent`.
 * @returns the exit code, as exit-codes.ts has them.
 */
export async function runAgent(argv: string[]): Promise<number> {
  const output = {
    out: (text: string) => void process.stdout.write(text),
    error: (text: string) => void process.stderr.write(text),
  }
  const call = await readCommandLine(argv, process.cwd(), output)
  if (typeof call === 'number') return call
  const log = agentLog(call.agent.name, call.common.logLevel, process.stderr)
  const addresses = addressList(call.common.address)
  const stop = new AbortController()
  const heard = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(exitCodeOfSignal(signal))
    log.info({ signal }, 'stopping; once more ends it at once')
    stop.abort()
  }
  for (const signal of stopSignals) process.on(signal, heard)
  try {
    return await hostAgent(call, {
      client: new LeaseholdClient({ addresses, clock: systemClock, random: systemRandom, log }),
      addresses,
      stop: stop.signal,
      log,
      clock: systemClock,
      random: systemRandom,
      hostname: hostname(),
    })
  } finally {
    for (const signal of stopSignals) process.off(signal, heard)
  }
}
