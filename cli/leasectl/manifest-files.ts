import { createReadStream } from 'node:fs'
import { Option } from 'commander'
import { type LeaseManifest, readManifests } from '../manifest.js'
import { CommandError, describeError } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'

/** The most that is read of one file: some hundred times the largest lease. */
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
    const [name, chunks] = file === '-' ? ['standard input', input()] : [file, createReadStream(file)]
    const text = await readAll(chunks).catch(error => cannotRead(name, error))
    manifests.push(...readManifests(text, name))
  }
  return manifests
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    all.push(chunk)
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new Error('it is larger than 64 MiB: split it')
  }
  return Buffer.concat(all).toString()
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory: name its files, each with -f',
  EACCES: 'it may not be read',
  ABORT_ERR: 'reading it was interrupted',
}

function cannotRead(name: string, error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  throw new CommandError(`${name}: ${reasons[code] ?? describeError(error)}`)
}
