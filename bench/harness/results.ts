import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import type { CaseResult, Scale } from './bench-case.js'
import type { Yardstick } from './yardstick.js'

/** A case's result on file, with what another needs to judge it. */
export interface FiledResult extends CaseResult {
  readonly name: string
  readonly about: string
  readonly scale: Scale
  /** What made it. */
  readonly command: string
  readonly date: string
  readonly machine: { readonly cpus: string; readonly memoryGib: number; readonly system: string }
  /** Absent in results of before there was one. */
  readonly yardstick?: Yardstick
  readonly versions: Readonly<Record<string, string>>
}

export const machine = (): FiledResult['machine'] => ({
  cpus: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
  memoryGib: Math.round(totalmem() / 2 ** 30),
  system: `${type()} ${release()}`,
})

const directory = new URL('../results/', import.meta.url).pathname

export const resultFile = (name: string): string => `${directory}${name}.json`

/** The result on file; undefined when there is none. */
export function readResult(name: string): FiledResult | undefined {
  const file = resultFile(name)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

/** Every result on file, by name. */
export const readResults = (): FiledResult[] =>
  readdirSync(directory)
    .filter(file => file.endsWith('.json'))
    .sort()
    .map(file => JSON.parse(readFileSync(`${directory}${file}`, 'utf8')))

export const writeResult = (result: FiledResult): void =>
  writeFileSync(resultFile(result.name), `${JSON.stringify(rounded(result), undefined, 2)}\n`)

/** Four digits of each figure are more than another run finds again. */
function rounded<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, item) =>
    typeof item === 'number' && !Number.isInteger(item) ? Number(item.toPrecision(4)) : item,
  )
}
