import { existsSync } from 'node:fs'
import type { Scale } from './bench-case.js'

const built = new URL('../../dist/cli/leasehold.js', import.meta.url).pathname
const sources = new URL('../../cli/leasehold.ts', import.meta.url).pathname

/**
 * For node, to run the program `leasehold`: as built, except for a smoke, whose figures mean nothing and which needs no
 * build.
 */
export function program(scale: Scale): string[] {
  if (scale === 'smoke') return ['--import', import.meta.resolve('tsx'), sources]
  if (!existsSync(built)) throw new Error('the benchmark runs what make build makes: run make build first')
  return [built]
}
