import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where make build has put what ships: DIST, as for make. */
const directory = process.env.DIST ?? fileURLToPath(new URL('../../dist', import.meta.url))

/** The program `leasehold` as users run it. */
export function program(): string {
  const path = resolve(directory, 'cli/leasehold.js')
  if (!existsSync(path)) throw new Error('the benchmark runs what make build makes: run make build first')
  return path
}
