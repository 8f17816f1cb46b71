import { Document, visit } from 'yaml'
import type { Lease, OwnerReference } from '../client/lease.js'
import { formatDuration } from '../clock/duration.js'
import { takeoverDelayAnnotation } from '../protos/annotations.js'

/** A lease as coordination.k8s.io/v1 has it; absent where it was never set. Keys in the order that kubectl prints. */
export interface LeaseObject {
  readonly apiVersion: 'coordination.k8s.io/v1'
  readonly kind: 'Lease'
  readonly metadata: {
    readonly annotations?: Readonly<Record<string, string>>
    readonly creationTimestamp?: string
    readonly deletionTimestamp?: string
    readonly finalizers?: readonly string[]
    readonly generateName?: string
    readonly generation?: number
    readonly labels?: Readonly<Record<string, string>>
    readonly name: string
    readonly namespace: string
    readonly ownerReferences?: readonly OwnerReference[]
    readonly resourceVersion: string
    readonly uid: string
  }
  readonly spec: {
    readonly acquireTime?: string
    readonly holderIdentity?: string
    /** Whole seconds, since Kubernetes has no smaller ones: rounded up, so that nobody thinks it over too early. */
    readonly leaseDurationSeconds?: number
    readonly leaseTransitions?: number
    readonly preferredHolder?: string
    readonly renewTime?: string
    readonly strategy?: string
  }
}

/** The lease in Kubernetes' shape, without managedFields, as kubectl shows objects. */
export const leaseObject = (lease: Lease): LeaseObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: {
    ...present('annotations', sorted(annotationsOf(lease))),
    ...present('creationTimestamp', lease.creationTime),
    ...present('deletionTimestamp', lease.deletionTime),
    ...present('finalizers', filled(lease.finalizers)),
    ...present('generateName', lease.generateName),
    ...present('generation', lease.generation || undefined),
    ...present('labels', sorted(lease.labels)),
    name: lease.name,
    namespace: lease.namespace,
    ...present('ownerReferences', filled(lease.ownerReferences)?.map(ownerReference)),
    resourceVersion: lease.resourceVersion,
    uid: lease.uid,
  },
  spec: {
    ...present('acquireTime', lease.acquireTime),
    ...present('holderIdentity', lease.holderIdentity),
    ...present(
      'leaseDurationSeconds',
      lease.leaseDurationMs === undefined ? undefined : Math.ceil(lease.leaseDurationMs / 1_000),
    ),
    ...present('leaseTransitions', lease.leaseTransitions),
    ...present('preferredHolder', lease.preferredHolder),
    ...present('renewTime', lease.renewTime),
    ...present('strategy', lease.strategy),
  },
})

/** With the takeover delay, which Kubernetes has no field for, so that what is printed can be applied again. */
const annotationsOf = ({ annotations, takeoverDelayMs }: Lease): Readonly<Record<string, string>> =>
  takeoverDelayMs === undefined
    ? annotations
    : { ...annotations, [takeoverDelayAnnotation]: formatDuration(takeoverDelayMs) }

/** Objects as one, as kubectl prints more than one. */
export const listObject = (items: readonly LeaseObject[]): object => ({
  apiVersion: 'v1',
  items,
  kind: 'List',
  metadata: { resourceVersion: '' },
})

export const toJson = (object: object): string => `${JSON.stringify(object, undefined, 4)}\n`

/**
 * YAML 1.1, as Kubernetes reads it, with kubectl's quotes: double ones around a text that would be a number, a time or a
 * boolean without them, single ones around one that would not be a text at all.
 */
export function toYaml(object: object): string {
  const document = new Document(object, { version: '1.1' })
  const isOther = (text: string) =>
    document.schema.tags.some(tag => 'test' in tag && tag.default && tag.test?.test(text))
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string' && (isOther(scalar.value) || scalar.value.includes('\t')))
        scalar.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ singleQuote: true, indentSeq: false, lineWidth: 80 })
}

const ownerReference = ({ apiVersion, blockOwnerDeletion, controller, kind, name, uid }: OwnerReference) => ({
  apiVersion,
  ...present('blockOwnerDeletion', blockOwnerDeletion),
  ...present('controller', controller),
  kind,
  name,
  uid,
})

/** `{ [key]: value }`, or nothing where there is no value. */
const present = <Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } =>
  // The computed key makes TypeScript forget which one it is.
  value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: Value })

const filled = <T>(list: readonly T[]): readonly T[] | undefined => (list.length === 0 ? undefined : list)

function sorted(map: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
