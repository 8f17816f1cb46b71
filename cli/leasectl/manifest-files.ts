import { readFile } from 'node:fs/promises'
import { Option } from 'commander'
import { type LeaseManifest, readManifests } from '../manifest.js'
import { CommandError } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'

/** The most that a manifest file may have: as much as the largest lease, some hundred times. */
const maxBytes = 64 * 1024 * 1024

/** `-f`, which may be given several times. */
export const fileOption = (): Option =>
  new Option('-f, --filename <file>', 'leases in YAML or JSON; - is standard input; may be repeated').argParser(
    (file: string, files: readonly string[] = []) => [...files, file],
  )

/**
 * The leases in these files, in order; `-` is standard input.
 *
 * @throws CommandError, or ManifestError, for the first that cannot be read.
 */
export async function readManifestFiles(
  files: readonly string[],
  { input }: Pick<Surroundings, 'input'>,
): Promise<LeaseManifest[]> {
  const manifests: LeaseManifest[] = []
  for (const file of files) {
    if (file === '-') manifests.push(...readManifests(await readInput(input()), 'standard input'))
    else manifests.push(...readManifests(await readFile(file, 'utf8').catch(error => cannotRead(file, error)), file))
  }
  return manifests
}

async function readInput(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of input) {
    chunks.push(chunk)
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new CommandError('standard input is larger than 64 MiB: split the manifest')
  }
  return Buffer.concat(chunks).toString()
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory: name its files, each with -f',
  EACCES: 'it may not be read',
}

function cannotRead(file: string, error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  throw new CommandError(`${file}: ${reasons[code] ?? (error instanceof Error ? error.message : String(error))}`)
}
