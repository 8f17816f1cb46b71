/** How a lease looks as bytes: what every lease has is packed, what few have is one piece of JSON at the end. */
import type { LeaseImage, LeaseState, MicroTime } from '../lease/lease.js'
import type { ByteReader, ByteWriter } from './bytes.js'
import { numbered } from './numbered.js'

const states = numbered<LeaseState>('a state', { unheld: 1, held: 2, expired: 3, released: 4 })

/** Which of the fields are there: an absent one stays absent. */
const has = {
  holderIdentity: 1 << 0,
  leaseDurationMs: 1 << 1,
  acquireTime: 1 << 2,
  renewTime: 1 << 3,
  freeSince: 1 << 4,
  leaseTransitions: 1 << 5,
  instance: 1 << 6,
  rare: 1 << 7,
  bigAcquireTime: 1 << 8,
  bigRenewTime: 1 << 9,
  bigFreeSince: 1 << 10,
  /** A statement that is true: no bytes follow. */
  isWritten: 1 << 11,
} as const
const knownFields = (1 << 12) - 1

export function writeLease(writer: ByteWriter, lease: LeaseImage): void {
  const { holderIdentity, leaseDurationMs, acquireTime, renewTime, freeSince, leaseTransitions, instance } = lease
  const rare = rareJson(lease)
  writer.uint32(
    (holderIdentity === undefined ? 0 : has.holderIdentity) |
      (leaseDurationMs === undefined ? 0 : has.leaseDurationMs) |
      (acquireTime === undefined ? 0 : has.acquireTime) |
      (renewTime === undefined ? 0 : has.renewTime) |
      (freeSince === undefined ? 0 : has.freeSince) |
      (leaseTransitions === undefined ? 0 : has.leaseTransitions) |
      (instance === undefined ? 0 : has.instance) |
      (rare === undefined ? 0 : has.rare) |
      (typeof acquireTime === 'bigint' ? has.bigAcquireTime : 0) |
      (typeof renewTime === 'bigint' ? has.bigRenewTime : 0) |
      (typeof freeSince === 'bigint' ? has.bigFreeSince : 0) |
      (lease.isWritten ? has.isWritten : 0),
  )
  writer.float64(lease.id)
  writer.float64(lease.revision)
  writer.float64(lease.fencingToken)
  writer.float64(lease.creationTimestamp)
  writer.uint8(states.numberOf(lease.state))
  writer.string(lease.namespace)
  writer.string(lease.name)
  writer.string(lease.uid)
  if (holderIdentity !== undefined) writer.string(holderIdentity)
  if (leaseDurationMs !== undefined) writer.float64(leaseDurationMs)
  if (acquireTime !== undefined) writeTime(writer, acquireTime)
  if (renewTime !== undefined) writeTime(writer, renewTime)
  if (freeSince !== undefined) writeTime(writer, freeSince)
  if (leaseTransitions !== undefined) writer.float64(leaseTransitions)
  if (instance !== undefined) writer.string(instance)
  if (rare !== undefined) writer.string(rare)
}

export function readLease(reader: ByteReader): LeaseImage {
  const mask = reader.uint32()
  if (mask & ~knownFields) throw new RangeError('a lease with unknown fields')
  const id = reader.float64()
  const revision = reader.float64()
  const fencingToken = reader.float64()
  const creationTimestamp = reader.float64()
  const state = states.wordOf(reader.uint8())
  const namespace = reader.string()
  const name = reader.string()
  const uid = reader.string()
  const lease: { -readonly [field in keyof LeaseImage]: LeaseImage[field] } = {
    id,
    namespace,
    name,
    uid,
    creationTimestamp,
    state,
    fencingToken,
    revision,
  }
  if (mask & has.holderIdentity) lease.holderIdentity = reader.string()
  if (mask & has.leaseDurationMs) lease.leaseDurationMs = reader.float64()
  if (mask & has.acquireTime) lease.acquireTime = readTime(reader, mask & has.bigAcquireTime)
  if (mask & has.renewTime) lease.renewTime = readTime(reader, mask & has.bigRenewTime)
  if (mask & has.freeSince) lease.freeSince = readTime(reader, mask & has.bigFreeSince)
  if (mask & has.leaseTransitions) lease.leaseTransitions = reader.float64()
  if (mask & has.instance) lease.instance = reader.string()
  if (mask & has.isWritten) lease.isWritten = true
  if (mask & has.rare) Object.assign(lease, JSON.parse(reader.string()))
  return lease
}

/** Written out, since a loop over their names takes longer than all the rest of a lease. */
function rareJson(lease: LeaseImage): string | undefined {
  const { generateName, generation, deletionTimestamp, labels, annotations, ownerReferences } = lease
  const { finalizers, managedFields, strategy, preferredHolder, takeoverDelayMs } = lease
  const hasRare =
    generateName !== undefined ||
    generation !== undefined ||
    deletionTimestamp !== undefined ||
    labels !== undefined ||
    annotations !== undefined ||
    ownerReferences !== undefined ||
    finalizers !== undefined ||
    managedFields !== undefined ||
    strategy !== undefined ||
    preferredHolder !== undefined ||
    takeoverDelayMs !== undefined
  if (!hasRare) return undefined
  // What is undefined is left out.
  return JSON.stringify({
    generateName,
    generation,
    deletionTimestamp,
    labels,
    annotations,
    ownerReferences,
    finalizers,
    managedFields,
    strategy,
    preferredHolder,
    takeoverDelayMs,
  })
}

/** A time of year 1 is a bigint because a number would not be exact. */
function writeTime(writer: ByteWriter, time: MicroTime): void {
  if (typeof time === 'bigint') writer.int64(time)
  else writer.float64(time)
}

const readTime = (reader: ByteReader, isBig: number): MicroTime => (isBig ? reader.int64() : reader.float64())
