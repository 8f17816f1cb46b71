import { execFile } from 'node:child_process'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** A kubectl on this machine. */
export interface KubectlBinary {
  readonly path: string
  /** Of its version 1.MINOR. */
  readonly minor: number
}

/** The oldest that the coordinator is made for; what is older gets a few commands only. */
export const oldestSupportedMinor = 27

/** `kubectl` itself, and names that say a version, as `kubectl.1.33`. */
const kubectlName = /^kubectl([.-]?v?1[.\d]*)?$/

/**
 * The kubectls that tests run, oldest first: the oldest and the newest supported one, or all where `KUBECTLS=all`. Where
 * there is none that is supported, the newest that there is; on a machine without kubectl, none.
 */
export async function kubectls(): Promise<readonly KubectlBinary[]> {
  const all = await installedKubectls()
  const supported = all.filter(({ minor }) => minor >= oldestSupportedMinor)
  if (supported.length === 0) return all.slice(-1)
  if (process.env.KUBECTLS === 'all') return supported
  return supported.filter((_, index) => index === 0 || index === supported.length - 1)
}

/** One for each minor version, beside the kubectl on PATH and elsewhere on PATH. */
async function installedKubectls(): Promise<KubectlBinary[]> {
  const found = await Promise.all(candidates().map(asked))
  const byMinor = new Map(found.flatMap(binary => (binary === undefined ? [] : [[binary.minor, binary]])))
  return [...byMinor.values()].sort((one, other) => one.minor - other.minor)
}

function candidates(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(folder => folder !== '' && existsSync(folder))
  const beside = folders.map(folder => join(folder, 'kubectl')).filter(existsSync)
  const everywhere = new Set([...folders, ...beside.map(path => dirname(realpathSync(path)))])
  const paths = [...everywhere].flatMap(folder =>
    readdirSync(folder)
      .filter(name => kubectlName.test(name))
      .map(name => join(folder, name)),
  )
  return [...new Set(paths.map(path => realpathSync(path)))]
}

/** Undefined for what is no kubectl, and for one that only starts others: which, depends on the server's version. */
async function asked(path: string): Promise<KubectlBinary | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, ['version', '--client', '-o', 'json'], {
      env: { HOME: tmpdir(), PATH: process.env.PATH },
    })
    const version = /"gitVersion": *"v1\.(\d+)\.[^"]*?(-dispatcher)?"/.exec(stdout)
    return version === null || version[2] !== undefined ? undefined : { path, minor: Number(version[1]) }
  } catch {
    return undefined
  }
}
