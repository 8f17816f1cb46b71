import { Command } from 'commander'
import { pino } from 'pino'
import { PinoPretty } from 'pino-pretty'
import { systemRandom } from '../../clock/random.js'
import { systemClock } from '../../clock/system-clock.js'
import { addConfigOptions, type Config, ConfigError, readConfig } from './config.js'
import { exitCodes } from './exit-codes.js'
import { JournalFenced, JournalInUse } from './journal/journal.js'
import { type RunningCoordinator, startCoordinator } from './start-coordinator.js'

/** `leasehold coordinator`. */
export function coordinatorCommand(): Command {
  const command = new Command('coordinator').description(
    'Keeps leases, serves them over gRPC, and tells every change on NATS.',
  )
  addConfigOptions(command)
  command.addHelpText(
    'after',
    `
Examples:
  leasehold coordinator
  leasehold coordinator --journal lmdb:/var/lib/leasehold --nats nats://10.0.0.5:4222
  leasehold coordinator --config /etc/leasehold.yaml --log-level debug
  LEASEHOLD_LISTEN=0.0.0.0:7070 leasehold coordinator --no-nats

Exit codes: ${exitCodes.stopped} stopped by a signal, ${exitCodes.cannotStart} cannot start, ${exitCodes.journalFailed} the journal failed (start it again), ${exitCodes.journalTaken} another coordinator has the journal.`,
  )
  return command.action(async flags => {
    try {
      await run(readConfig(flags, process.env))
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      process.stderr.write(`leasehold coordinator: ${error.message}\n`)
      process.exitCode = exitCodes.cannotStart
    }
  })
}

/** Runs until a signal or a failure ends it. */
async function run(config: Config): Promise<void> {
  const log = coordinatorLog(config.logLevel)
  const fail = (error: Error): void => {
    const isTaken = error instanceof JournalFenced || error instanceof JournalInUse
    const what = isTaken ? 'another coordinator has the journal: this one ends' : 'the coordinator ends: start it again'
    log.fatal({ journal: config.journal, error: error.message }, what)
    process.exit(isTaken ? exitCodes.journalTaken : exitCodes.journalFailed)
  }
  let running: RunningCoordinator
  try {
    running = await startCoordinator({ config, clock: systemClock, random: systemRandom, log, onFailure: fail })
  } catch (error) {
    if (!(error instanceof Error)) throw error
    process.stderr.write(`leasehold coordinator: ${error.message}\n`)
    process.exit(error instanceof JournalInUse ? exitCodes.journalTaken : exitCodes.cannotStart)
  }
  const stop = (signal: string): void => {
    log.info({ signal }, 'stopping')
    running.stop().then(
      () => process.exit(exitCodes.stopped),
      error => fail(error instanceof Error ? error : new Error(String(error))),
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

/** JSON, a line each, or readable where a person looks at it. */
function coordinatorLog(level: string): pino.Logger {
  const destination = process.stderr.isTTY
    ? PinoPretty({ destination: 2, sync: true, ignore: 'pid,hostname' })
    : pino.destination({ dest: 2, sync: true })
  return pino({ level, base: null }, destination)
}
