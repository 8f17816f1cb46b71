import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'

const script = fileURLToPath(new URL('./fixtures/appender.ts', import.meta.url))

/** A process that appends to a journal; see fixtures/appender.ts. */
export interface Appender {
  readonly child: ChildProcess
  readonly pid: number
  readonly isOpen: boolean
  /** The sequences that it has acknowledged, in order. */
  readonly acknowledged: readonly number[]
  readonly errors: string
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

/** Starts one; it is killed with the test. */
export function startAppender(t: ExecutionContext, directory: string, entrySize: number): Appender {
  const child = spawn(process.execPath, ['--import=tsx', script, directory, String(entrySize)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  let errors = ''
  child.stdout.on('data', chunk => {
    output += chunk
  })
  child.stderr.on('data', chunk => {
    errors += chunk
  })
  const ended = new Promise<number | NodeJS.Signals | null>(resolve =>
    child.on('close', (code, signal) => resolve(signal ?? code)),
  )
  return {
    child,
    pid: child.pid ?? 0,
    ended,
    get isOpen() {
      return output.startsWith('open ')
    },
    // The last line may be half of one.
    get acknowledged() {
      return output.split('\n').slice(1, -1).map(Number)
    },
    get errors() {
      return errors
    },
  }
}
