import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A coordinator as users run it: what make build made, with LMDB in a directory that is removed after. */
export interface CoordinatorProcess {
  /** HOST:PORT of gRPC, and of HTTP. */
  readonly address: string
  readonly httpAddress: string
  /** What the process has used, user and system. */
  cpuSeconds(): Promise<number>
  /** What it has in memory. */
  residentBytes(): Promise<number>
  stop(): Promise<void>
}

export async function startCoordinator(): Promise<CoordinatorProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'leasehold-bench-'))
  const args = [
    'coordinator',
    '--listen',
    '127.0.0.1:0',
    '--http',
    '127.0.0.1:0',
    '--journal',
    `lmdb:${directory}`,
    '--no-nats',
  ]
  const binary = new URL('../dist/cli/leasehold.js', import.meta.url).pathname
  const child = spawn(process.execPath, [binary, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const { grpc, http } = await new Promise<{ grpc: string; http: string }>((resolve, reject) => {
    child.once('exit', code => reject(new Error(`the coordinator ended with ${code}`)))
    createInterface(child.stderr).on('line', line => {
      const { msg, grpc, http } = JSON.parse(line) as { msg?: string; grpc: string; http: string }
      if (msg === 'serving') resolve({ grpc, http })
    })
  })
  const metric = async (name: string): Promise<number> => {
    const metrics = await (await fetch(`http://${http}/metrics`)).text()
    return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)?.[1])
  }
  return {
    address: grpc,
    httpAddress: http,
    cpuSeconds: () => metric('process_cpu_seconds_total'),
    residentBytes: () => metric('process_resident_memory_bytes'),
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
