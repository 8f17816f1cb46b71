import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where distributions put servers that are not on everybody's PATH. */
const serverDirs = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** @throws Error in one line when there is no nats-server. */
export function findNatsServer(path: string = process.env.PATH ?? ''): string {
  for (const dir of [...path.split(delimiter), ...serverDirs]) {
    const file = join(dir, 'nats-server')
    if (dir !== '' && isExecutable(file)) return file
  }
  throw new Error('no nats-server on PATH: `make setup` installs it, or set NATS_URL to one that runs')
}

/** The command of a NATS with JetStream on loopback, with its store in `storeDir`. */
export const natsCommand = (port: number, storeDir: string): string[] => [
  findNatsServer(),
  ...['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', storeDir],
]

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
