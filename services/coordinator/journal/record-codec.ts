/** How records look as bytes, in entries and in snapshots. */
import type { Cause, LeaseRecord, Renewals, Transition, TransitionType } from '../lease/records.js'
import type { ByteReader, ByteWriter } from './bytes.js'
import { readLease, writeLease } from './lease-codec.js'
import { numbered } from './numbered.js'

const tags = { renewed: 1, transition: 2, published: 3 } as const

/** What a record has before the rest of it: of a transition, before what `writeTransition` wrote. */
export const tagBytes = 1

const transitionTypes = numbered<TransitionType>('a transition', {
  created: 1,
  acquired: 2,
  transferred: 3,
  updated: 4,
  expired: 5,
  released: 6,
  deleted: 7,
})

const causes = numbered<Cause>('a cause', {
  revoked: 1,
  unconfirmed: 2,
  superseded: 3,
  'kubernetes-write': 4,
  rule: 5,
})

export function writeRecord(writer: ByteWriter, record: LeaseRecord): void {
  if (record.type === 'renewed') {
    writer.uint8(tags.renewed)
    writeRenewals(writer, record)
  } else if (record.type === 'published') {
    writer.uint8(tags.published)
    writer.float64(record.throughRevision)
  } else {
    writer.uint8(tags.transition)
    writeTransition(writer, record)
  }
}

/** @throws RangeError for bytes that are no record. */
export function readRecord(reader: ByteReader): LeaseRecord {
  const tag = reader.uint8()
  switch (tag) {
    case tags.renewed:
      return readRenewals(reader)
    case tags.transition:
      return readTransition(reader)
    case tags.published:
      return { type: 'published', throughRevision: reader.float64() }
    default:
      throw new RangeError(`a record of unknown kind ${tag}`)
  }
}

function writeRenewals(writer: ByteWriter, { firstRevision, leaseIds, renewTimes }: Renewals): void {
  if (leaseIds.length !== renewTimes.length) throw new RangeError('a renewal without a lease or without a time')
  writer.float64(firstRevision)
  writer.uint32(leaseIds.length)
  writer.column(leaseIds)
  writer.column(renewTimes)
}

function readRenewals(reader: ByteReader): Renewals {
  const firstRevision = reader.float64()
  const count = reader.uint32()
  return { type: 'renewed', firstRevision, leaseIds: reader.column(count), renewTimes: reader.column(count) }
}

const has = { previousHolder: 1, cause: 2, unheldMs: 4, previousLabels: 8 } as const
const knownFields = 15

export function writeTransition(writer: ByteWriter, transition: Transition): void {
  const { type, time, lease, previousHolder, cause, unheldMs, previousLabels } = transition
  writer.uint8(transitionTypes.numberOf(type))
  writer.uint8(
    (previousHolder === undefined ? 0 : has.previousHolder) |
      (cause === undefined ? 0 : has.cause) |
      (unheldMs === undefined ? 0 : has.unheldMs) |
      (previousLabels === undefined ? 0 : has.previousLabels),
  )
  writer.float64(time)
  writeLease(writer, lease)
  if (previousHolder !== undefined) writer.string(previousHolder)
  if (cause !== undefined) writer.uint8(causes.numberOf(cause))
  if (unheldMs !== undefined) writer.float64(unheldMs)
  if (previousLabels !== undefined) writer.string(JSON.stringify(previousLabels))
}

export function readTransition(reader: ByteReader): Transition {
  const type = transitionTypes.wordOf(reader.uint8())
  const mask = reader.uint8()
  if (mask & ~knownFields) throw new RangeError('a transition with unknown fields')
  const transition: { -readonly [field in keyof Transition]: Transition[field] } = {
    type,
    time: reader.float64(),
    lease: readLease(reader),
  }
  if (mask & has.previousHolder) transition.previousHolder = reader.string()
  if (mask & has.cause) transition.cause = causes.wordOf(reader.uint8())
  if (mask & has.unheldMs) transition.unheldMs = reader.float64()
  if (mask & has.previousLabels) transition.previousLabels = JSON.parse(reader.string())
  return transition
}
