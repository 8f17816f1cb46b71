import { type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'

/**
 * The agent's log, on stderr, since stdout belongs to the command that an agent may run: JSON, a line each, or readable
 * where a person looks at it.
 */
export function agentLog(name: string, level: string, stderr: { readonly isTTY?: boolean }): Logger {
  const destination = stderr.isTTY
    ? PinoPretty({ destination: 2, sync: true, ignore: 'pid,hostname,agent' })
    : pino.destination({ dest: 2, sync: true })
  return pino({ level, base: { agent: name, pid: process.pid } }, destination)
}
