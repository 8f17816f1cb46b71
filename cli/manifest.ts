/**
 * Leases as people write them for Kubernetes: coordination.k8s.io/v1 Lease in YAML or JSON, several documents to a file,
 * or a v1 List of them. A manifest is read strictly: what would be ignored is a fault.
 */
import { parseAllDocuments, type Tags } from 'yaml'
import { z } from 'zod'
import { parseDuration } from '../clock/duration.js'
import { takeoverDelayAnnotation } from '../protos/annotations.js'

/** What is wrong with a manifest: where, and what to do, in one line. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError'

  /** @param place as in `lease.yaml, document 2`. */
  constructor(place: string, fault: string) {
    super(`${place}: ${fault}`)
  }
}

const notText = ({ input }: { input?: unknown }): string =>
  typeof input === 'number' || typeof input === 'boolean'
    ? `must be text: write "${input}" in quotes`
    : input === undefined
      ? 'is required'
      : 'must be text'

const text = z.string({ error: notText })
const optionalText = text.optional()
const textOrNothing = text.transform(value => value || null).nullish()
const keyedTexts = z.record(z.string(), text.nullable(), 'must be a mapping of keys to texts').nullish()

const wholeNumber = (min: number) => {
  const rule = `must be a whole number from ${min} to 2147483647`
  return z.int32(rule).min(min, rule).nullish()
}

/** A time in the form that the client tells times in, so that equal ones are equal texts. */
const time = text.transform((value, context) => {
  const [, seconds = '', fraction = '', zone = ''] = /^([\d-]+T[\d:]+)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(value) ?? []
  const ms = Date.parse(seconds + zone)
  if (Number.isNaN(ms)) {
    context.addIssue({ code: 'custom', message: 'must be a time as in 2026-01-31T12:00:00.000000Z' })
    return z.NEVER
  }
  return `${new Date(ms).toISOString().slice(0, -5)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`
})

/** An object that has these fields and no others. */
const fields = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: issue => (issue.code === 'unrecognized_keys' ? undefined : 'must be a mapping'),
  })

const ownerReference = fields({
  apiVersion: text,
  kind: text,
  name: text,
  uid: text,
  controller: z.boolean('must be true or false').exactOptional(),
  blockOwnerDeletion: z.boolean('must be true or false').exactOptional(),
})

const metadata = fields({
  name: optionalText,
  generateName: optionalText,
  namespace: optionalText,
  labels: keyedTexts,
  annotations: keyedTexts,
  ownerReferences: z.array(ownerReference, 'must be a list').nullish(),
  finalizers: z.array(text, 'must be a list').nullish(),
  uid: optionalText,
  resourceVersion: optionalText,
  // What whoever keeps a lease says of it; no manifest changes that.
  creationTimestamp: z.unknown().optional(),
  deletionTimestamp: z.unknown().optional(),
  deletionGracePeriodSeconds: z.unknown().optional(),
  generation: z.unknown().optional(),
  managedFields: z.unknown().optional(),
  selfLink: z.unknown().optional(),
})

const spec = fields({
  holderIdentity: text.nullish(),
  leaseDurationSeconds: wholeNumber(1),
  acquireTime: time.nullish(),
  renewTime: time.nullish(),
  leaseTransitions: wholeNumber(0),
  strategy: textOrNothing,
  preferredHolder: textOrNothing,
})

const leaseDocument = fields({ apiVersion: text, kind: text, metadata, spec: spec.nullish() })

/**
 * A lease as a manifest has it, in Kubernetes' terms. What it does not name is undefined; null says that there is to be
 * nothing, also as the value of a label or an annotation.
 */
export interface LeaseManifest extends z.infer<typeof metadata>, z.infer<typeof spec> {
  /** Where it is, for people: `lease.yaml, document 2`. */
  readonly place: string
  /** From its annotation, which is not among the annotations. */
  readonly takeoverDelayMs?: number | null
}

/**
 * The leases in a text, in order.
 *
 * @param file what people call the text.
 * @throws ManifestError for the first document with faults, naming each of its fields at fault.
 */
export function readManifests(text: string, file: string): LeaseManifest[] {
  const documents = parseAllDocuments(text, { prettyErrors: false, customTags: withoutOctal })
  const manifests = [...documents].flatMap((document, index) => {
    const place = `${file}, document ${index + 1}`
    const [fault] = [...document.errors, ...document.warnings]
    if (fault) throw new ManifestError(place, `${fault.message}${lineOf(text, fault.pos[0])}`)
    return leasesOf(place, plain(document, place))
  })
  if (manifests.length === 0) throw new ManifestError(file, 'there is no lease in it')
  return manifests
}

/**
 * YAML 1.2, where yes, on and times are text, for nothing that a Lease has is meant otherwise; less its octal numbers,
 * which are text where YAML 1.1 was written, as kubectl does.
 */
const withoutOctal = (tags: Tags): Tags => tags.filter(tag => typeof tag === 'string' || tag.format !== 'OCT')

const lineOf = (text: string, offset: number): string => ` (line ${text.slice(0, offset).split('\n').length})`

function plain(document: { toJS(): unknown }, place: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    // An alias without an anchor, or too many of them.
    throw new ManifestError(place, error instanceof Error ? error.message : String(error))
  }
}

function leasesOf(place: string, value: unknown): LeaseManifest[] {
  if (value === null || value === undefined) return []
  const { apiVersion, kind, items } = isMapping(value) ? value : {}
  if (kind === 'List' && apiVersion === 'v1' && Array.isArray(items)) {
    return items.flatMap((item, index) => leasesOf(`${place}, items[${index}]`, item))
  }
  if (kind !== 'Lease' || apiVersion !== 'coordination.k8s.io/v1') {
    const found = `apiVersion ${JSON.stringify(apiVersion) ?? 'missing'}, kind ${JSON.stringify(kind) ?? 'missing'}`
    throw new ManifestError(place, `must be a Lease of coordination.k8s.io/v1, or a List of v1 of them: ${found}`)
  }
  const parsed = leaseDocument.safeParse(value)
  if (!parsed.success) throw new ManifestError(place, parsed.error.issues.flatMap(faultsOf).join('; '))
  const { metadata, spec } = parsed.data
  return [{ place, ...metadata, ...spec, ...takeoverDelay(metadata.annotations, place) }]
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function faultsOf(issue: z.core.$ZodIssue): string[] {
  const path = fieldPath(issue.path)
  if (issue.code !== 'unrecognized_keys') return [`${path}: ${issue.message}`]
  return issue.keys.map(key => `${path === '' ? '' : `${path}.`}${key}: a Lease has no such field`)
}

/** As in `metadata.labels["app.kubernetes.io/name"]` and `metadata.finalizers[0]`. */
function fieldPath(path: readonly PropertyKey[]): string {
  const parts = path.map(part => {
    if (typeof part === 'number') return `[${part}]`
    const key = String(part)
    return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
  })
  return parts.join('').replace(/^\./, '')
}

/** The takeover delay as a field of its own, which it is, and the annotations that are none. */
function takeoverDelay(
  annotations: LeaseManifest['annotations'],
  place: string,
): Pick<LeaseManifest, 'annotations' | 'takeoverDelayMs'> {
  const { [takeoverDelayAnnotation]: delay, ...others } = annotations ?? {}
  if (delay === undefined) return {}
  try {
    return { annotations: others, takeoverDelayMs: delay === null ? null : parseDuration(delay) || null }
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error)
    throw new ManifestError(place, `metadata.annotations[${JSON.stringify(takeoverDelayAnnotation)}]: ${fault}`)
  }
}
