import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { connectClient, type LeaseholdClient } from '../../client/index.js'
import { startCoordinator } from '../support/coordinator.js'
import { until } from '../support/until.js'

const leasehold = fileURLToPath(new URL('../../cli/leasehold.ts', import.meta.url))

/** `leasehold agent ...` in a process of its own, in a folder of its own. */
export interface AgentProcess {
  readonly process: ChildProcess
  readonly folder: string
  /** Its log so far. */
  log(): string
  /** What its command printed so far. */
  output(): string
  /** How it ended; undefined while it runs. */
  end(): { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined
  /** Waits for its end and gives its exit code. */
  exitCode(): Promise<number | null>
  /** Waits until a file in its folder holds a whole line, and gives its text. */
  read(name: string): Promise<string>
}

export function startAgent(t: ExecutionContext, address: string, ...argv: string[]): AgentProcess {
  const folder = mkdtempSync(join(tmpdir(), 'leasehold-agent-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), leasehold, 'agent', ...argv], {
    cwd: folder,
    env: { ...process.env, LEASEHOLD_ADDRESS: address },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let log = ''
  let output = ''
  let end: ReturnType<AgentProcess['end']>
  child.stderr.on('data', chunk => {
    log += chunk
  })
  child.stdout.on('data', chunk => {
    output += chunk
  })
  child.on('exit', (code, signal) => {
    end = { code, signal }
  })
  return {
    process: child,
    folder,
    log: () => log,
    output: () => output,
    end: () => end,
    async exitCode() {
      await until(() => end !== undefined)
      return end?.code ?? null
    },
    async read(name) {
      const path = join(folder, name)
      await until(() => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n'))
      return readFileSync(path, 'utf8').trim()
    },
  }
}

/** A coordinator for this test, and a client of it; `stop` ends the coordinator before the test's end. */
export async function coordinator(
  t: ExecutionContext,
): Promise<{ address: string; client: LeaseholdClient; stop: () => Promise<void> }> {
  const running = await startCoordinator()
  const client = connectClient({ addresses: [running.address] })
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= running.stop()
    return stopped
  }
  t.teardown(async () => {
    await client.close()
    await stop()
  })
  return { address: running.address, client, stop }
}
