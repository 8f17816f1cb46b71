import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The version in leasehold's package.json, which is above this file in the source tree and in what ships. */
export const version: string = findVersion(dirname(fileURLToPath(import.meta.url)))

function findVersion(dir: string): string {
  try {
    const { name, version } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Record<string, string>
    if (name === 'leasehold' && version) return version
  } catch {
    // Not in this directory.
  }
  const parent = dirname(dir)
  return parent === dir ? 'unknown' : findVersion(parent)
}
