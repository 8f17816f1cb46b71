import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where make build has put what ships: DIST, as for make. */
const directory = process.env.DIST ?? fileURLToPath(new URL('../../dist', import.meta.url))

/** For node, to run the program `leasehold` as users do: with the flags that its first line has for node. */
export function program(): string[] {
  const path = resolve(directory, 'cli/leasehold.js')
  if (!existsSync(path)) throw new Error('the benchmark runs what make build makes: run make build first')
  const [firstLine = ''] = readFileSync(path, 'utf8').split('\n', 1)
  return [...firstLine.split(' ').filter(word => word.startsWith('--')), path]
}
