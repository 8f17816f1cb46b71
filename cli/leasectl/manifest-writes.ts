/** What create, apply and delete have in common: manifests with their namespaces, all checked before the first write. */
import type { Command } from 'commander'
import type { Lease, WriteOptions as WriteCall } from '../../client/index.js'
import { TransportError } from '../../client/transport.js'
import { takeoverDelayAnnotation } from '../../protos/annotations.js'
import { type LeaseManifest, ManifestError } from '../manifest.js'
import type { Surroundings } from '../surroundings.js'
import { readManifestFiles } from './manifest-files.js'
import { kindName, type WriteOptions, writeCall, writtenPrinter } from './write-options.js'

export interface ManifestOptions extends WriteOptions {
  readonly filename: readonly string[]
}

/** A manifest, and the namespace that it or else the command line names. */
export type PlacedManifest = LeaseManifest & { readonly namespace: string }

/** What a write came to, in kubectl's word. */
export interface Written {
  readonly lease: Lease
  readonly what: 'created' | 'configured' | 'unchanged'
}

/**
 * The manifests of `-f`. As with kubectl, a `-n` that is given must agree with the manifests.
 *
 * @throws ManifestError also where two name the same lease.
 */
export async function placedManifests(
  files: readonly string[],
  verb: Command,
  surroundings: Surroundings,
): Promise<PlacedManifest[]> {
  const { namespace } = verb.opts<WriteOptions>()
  const isGiven = verb.getOptionValueSource('namespace') !== 'default'
  const places = new Map<string, string>()
  const manifests = await readManifestFiles(files, surroundings)
  return manifests.map(manifest => {
    const placed = { ...manifest, namespace: manifest.namespace ?? namespace }
    if (isGiven && placed.namespace !== namespace) {
      const fault = `metadata.namespace: is "${placed.namespace}", but -n says "${namespace}": leave out one of them`
      throw new ManifestError(placed.place, fault)
    }
    if (placed.name === undefined) return placed
    const path = `${placed.namespace}/${placed.name}`
    const before = places.get(path)
    if (before !== undefined) throw new ManifestError(placed.place, `is ${path} again, as ${before}: keep one of them`)
    places.set(path, placed.place)
    return placed
  })
}

/**
 * Writes the manifests in order, and tells each. Of several none is written before all were checked.
 *
 * @param write writes one; with `validateOnly` it only checks.
 * @throws ManifestError at the first that the coordinator refuses.
 */
export async function writeManifests(
  manifests: readonly PlacedManifest[],
  options: ManifestOptions,
  surroundings: Surroundings,
  write: (manifest: PlacedManifest, call: WriteCall) => Promise<Written>,
): Promise<void> {
  const call = writeCall(options, surroundings)
  const writeOne = (manifest: PlacedManifest, validateOnly: boolean) =>
    write(manifest, { ...call, validateOnly }).catch(error => refused(manifest, error))
  if (manifests.length > 1 && !call.validateOnly) {
    for (const manifest of manifests) await writeOne(manifest, true)
  }
  const tell = writtenPrinter(options, surroundings)
  for (const manifest of manifests) {
    const { lease, what } = await writeOne(manifest, call.validateOnly)
    tell(lease, name => `${kindName(name)} ${what}`)
  }
}

/** What the coordinator refuses, in terms of the manifest; other errors as they are. */
function refused({ place }: PlacedManifest, error: unknown): never {
  if (!(error instanceof TransportError) || error.reason === '') throw error
  const faults = error.violations.map(({ field, description }) => `${manifestPath(field)}: ${description}`)
  throw new ManifestError(place, faults.length === 0 ? error.message : faults.join('; '))
}

/** A field of the contract by its name in a manifest: `lease.metadata.owner_references` is metadata.ownerReferences. */
function manifestPath(field: string): string {
  const path = field.replace(/^lease\./, '').replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  if (path === 'spec.leaseDuration') return 'spec.leaseDurationSeconds'
  return path === 'spec.takeoverDelay' ? `metadata.annotations["${takeoverDelayAnnotation}"]` : path
}
