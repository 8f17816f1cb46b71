/**
 * The bytes of a Hold stream, written by hand: a heartbeat is one of these messages, and the codecs that proto-loader
 * makes cost half of the throughput. A test holds every message against proto-loader's reading of session_service.proto.
 */
import protobuf from 'protobufjs/minimal.js'
import type { LeaseState__Output } from './generated/leasehold/v1/LeaseState.js'
import type { AcquireRequest, HoldRequest, HoldResponse, LostCause, RenewRequest } from './hold.js'
import { WireWriter } from './wire-writer.js'

const { Reader } = protobuf
type Reader = protobuf.Reader

/** Used again and again: a message is encoded in one go. */
const writer = new WireWriter()

/** A tag: the number of a field, and how its value is written. */
const varint = (field: number): number => field << 3
const delimited = (field: number): number => (field << 3) | 2

const leaseStates: readonly LeaseState__Output[] = [
  'LEASE_STATE_UNSPECIFIED',
  'LEASE_STATE_UNHELD',
  'LEASE_STATE_HELD',
  'LEASE_STATE_EXPIRED',
  'LEASE_STATE_RELEASED',
]

const requestFields = { acquire: 2, renew: 3, release: 4 } as const
const responseFields = {
  acquired: 2,
  waiting: 3,
  renewed: 4,
  released: 5,
  failed: 6,
  lost: 7,
  holderChanged: 8,
  draining: 9,
} as const

export function encodeHoldRequest(message: HoldRequest): Buffer {
  writer.begin().uint32(varint(1)).uint32(message.requestId)
  writer.uint32(delimited(requestFields[message.type])).fork()
  switch (message.type) {
    case 'acquire':
      writeAcquire(message)
      break
    case 'renew':
      if (message.handles === 'all') writer.uint32(varint(2)).bool(true)
      else {
        writer.uint32(delimited(1)).fork()
        for (const handle of message.handles) writer.uint32(handle)
        writer.ldelim()
      }
      break
    case 'release':
      writer.uint32(varint(1)).uint32(message.handle)
      break
  }
  return writer.ldelim().finish()
}

/** @throws Error when the bytes are not a HoldRequest with a message in it. */
export function decodeHoldRequest(bytes: Uint8Array): HoldRequest {
  const reader = Reader.create(bytes)
  let requestId = 0
  let message: Unnumbered<HoldRequest> | undefined
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag === varint(1)) requestId = reader.uint32()
    else if (tag === delimited(requestFields.acquire)) message = readAcquire(reader, end(reader))
    else if (tag === delimited(requestFields.renew)) message = readRenew(reader, end(reader))
    else if (tag === delimited(requestFields.release)) {
      message = { type: 'release', requestId, handle: readHandle(reader, end(reader)) }
    } else reader.skipType(tag & 7)
  }
  if (message === undefined) throw new Error('the message is empty: send one of acquire, renew, release')
  // In place of a copy: the message is this function's own.
  message.requestId = requestId
  return message
}

/** A message that is being read: its number may still come. */
type Unnumbered<Message> = Message extends HoldRequest ? Omit<Message, 'requestId'> & { requestId: number } : never

export function encodeHoldResponse(message: HoldResponse): Buffer {
  writer.begin()
  if ('requestId' in message) writer.uint32(varint(1)).uint32(message.requestId)
  writer.uint32(delimited(responseFields[message.type])).fork()
  writeResponse(message)
  return writer.ldelim().finish()
}

/** @throws Error when the bytes are not a HoldResponse with a message that this version knows. */
export function decodeHoldResponse(bytes: Uint8Array): HoldResponse {
  const reader = Reader.create(bytes)
  let requestId = 0
  let message: HoldResponse | undefined
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag === varint(1)) requestId = reader.uint32()
    else message = readResponse(reader, tag) ?? message
  }
  if (message === undefined) throw new Error('the message has no answer or push that this client knows')
  return 'requestId' in message ? { ...message, requestId } : message
}

function writeAcquire(message: AcquireRequest): void {
  writeString(1, message.namespace)
  writeString(2, message.name)
  writeString(3, message.holderIdentity)
  if (message.instance !== '') writer.uint32(delimited(4)).bytes(Buffer.from(message.instance, 'hex'))
  writeDuration(5, message.leaseDurationMs)
  for (const [key, value] of Object.entries(message.labels ?? {})) {
    writer.uint32(delimited(6)).fork()
    writeString(1, key)
    writeString(2, value)
    writer.ldelim()
  }
  if (message.priority !== 0) writer.uint32(varint(7)).int32(message.priority)
  if (message.waitTimeoutMs !== undefined) writeDuration(8, message.waitTimeoutMs)
  if (message.supersede) writer.uint32(varint(9)).bool(true)
  if (message.takeoverDelayMs !== undefined) writeDuration(10, message.takeoverDelayMs)
}

function readAcquire(reader: Reader, endAt: number): AcquireRequest {
  const message: Mutable<AcquireRequest> = {
    type: 'acquire',
    requestId: 0,
    namespace: '',
    name: '',
    holderIdentity: '',
    instance: '',
    leaseDurationMs: 0,
    priority: 0,
    supersede: false,
  }
  let labels: Record<string, string> | undefined
  while (reader.pos < endAt) {
    const tag = reader.uint32()
    if (tag === delimited(1)) message.namespace = reader.string()
    else if (tag === delimited(2)) message.name = reader.string()
    else if (tag === delimited(3)) message.holderIdentity = reader.string()
    else if (tag === delimited(4)) message.instance = hexOf(reader.bytes())
    else if (tag === delimited(5)) message.leaseDurationMs = readDuration(reader)
    else if (tag === delimited(6)) {
      labels ??= Object.create(null) as Record<string, string>
      readLabel(reader, end(reader), labels)
    } else if (tag === varint(7)) message.priority = reader.int32()
    else if (tag === delimited(8)) message.waitTimeoutMs = readDuration(reader)
    else if (tag === varint(9)) message.supersede = reader.bool()
    else if (tag === delimited(10)) message.takeoverDelayMs = readDuration(reader)
    else reader.skipType(tag & 7)
  }
  if (labels !== undefined) message.labels = labels
  return message
}

type Mutable<Message> = { -readonly [Field in keyof Message]: Message[Field] }

const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')

function readLabel(reader: Reader, endAt: number, labels: Record<string, string>): void {
  let key = ''
  let value = ''
  while (reader.pos < endAt) {
    const tag = reader.uint32()
    if (tag === delimited(1)) key = reader.string()
    else if (tag === delimited(2)) value = reader.string()
    else reader.skipType(tag & 7)
  }
  labels[key] = value
}

function readRenew(reader: Reader, endAt: number): RenewRequest {
  const handles: number[] = []
  let isAll = false
  while (reader.pos < endAt) {
    const tag = reader.uint32()
    if (tag === delimited(1)) {
      const packedEnd = end(reader)
      while (reader.pos < packedEnd) handles.push(reader.uint32())
    } else if (tag === varint(1)) handles.push(reader.uint32())
    else if (tag === varint(2)) isAll = reader.bool()
    else reader.skipType(tag & 7)
  }
  if (isAll && handles.length > 0) throw new Error('renew.handles: must be empty when renew.all is set')
  return { type: 'renew', requestId: 0, handles: isAll ? 'all' : handles }
}

function readHandle(reader: Reader, endAt: number): number {
  let handle = 0
  while (reader.pos < endAt) {
    const tag = reader.uint32()
    if (tag === varint(1)) handle = reader.uint32()
    else reader.skipType(tag & 7)
  }
  return handle
}

function writeResponse(message: HoldResponse): void {
  switch (message.type) {
    case 'acquired':
      writer.uint32(varint(1)).uint32(message.handle).uint32(varint(2)).int64(message.fencingToken)
      writeDuration(3, message.renewAfterMs)
      if (message.resumed) writer.uint32(varint(4)).bool(true)
      if (message.unconfirmed) writer.uint32(varint(5)).bool(true)
      writeDuration(6, message.leaseDurationMs)
      return
    case 'waiting':
      writer.uint32(varint(1)).uint32(message.handle)
      writeString(2, message.holderIdentity)
      writer.uint32(varint(3)).uint32(message.ahead)
      writeDuration(4, message.renewAfterMs)
      return
    case 'renewed':
      for (const { handle, reason } of message.failures) {
        writer.uint32(delimited(1)).fork().uint32(varint(1)).uint32(handle)
        writeString(2, reason)
        writer.ldelim()
      }
      writeDuration(2, message.renewAfterMs)
      return
    case 'released':
      writer.uint32(varint(1)).uint32(message.handle)
      return
    case 'failed':
      writeString(1, message.reason)
      writeString(2, message.message)
      if (message.handle !== 0) writer.uint32(varint(3)).uint32(message.handle)
      writeString(4, message.holderIdentity)
      for (const { field, description } of message.violations) {
        writer.uint32(delimited(5)).fork()
        writeString(1, field)
        writeString(2, description)
        writer.ldelim()
      }
      if (message.retryAfterMs !== 0) writeDuration(6, message.retryAfterMs)
      return
    case 'lost':
      writer.uint32(varint(1)).uint32(message.handle)
      writeString(2, message.cause)
      return
    case 'holderChanged':
      writer.uint32(varint(1)).uint32(message.handle)
      writeString(2, message.holderIdentity)
      writer.uint32(varint(3)).int32(leaseStates.indexOf(message.state))
      return
    case 'draining':
      writeDuration(1, message.reconnectAfterMs)
  }
}

/** What a message of the stream has, by field number: numbers, strings, durations and nested messages. */
interface Fields {
  readonly numbers: number[]
  readonly strings: string[]
  readonly durations: number[]
}

/** Which fields of each response are what. */
const shapes: Record<keyof typeof responseFields, { strings: number[]; durations: number[]; pairs?: number }> = {
  acquired: { strings: [], durations: [3, 6] },
  waiting: { strings: [2], durations: [4] },
  renewed: { strings: [], durations: [2], pairs: 1 },
  released: { strings: [], durations: [] },
  failed: { strings: [1, 2, 4], durations: [6], pairs: 5 },
  lost: { strings: [2], durations: [] },
  holderChanged: { strings: [2], durations: [] },
  draining: { strings: [], durations: [1] },
}

const typeOfField = new Map(
  Object.entries(responseFields).map(([type, field]) => [field, type as keyof typeof responseFields]),
)

function readResponse(reader: Reader, tag: number): HoldResponse | undefined {
  const type = (tag & 7) === 2 ? typeOfField.get((tag >>> 3) as 2) : undefined
  if (type === undefined) {
    reader.skipType(tag & 7)
    return undefined
  }
  const { strings: stringFields, durations: durationFields, pairs: pairField } = shapes[type]
  const { numbers, strings, durations }: Fields = { numbers: [], strings: [], durations: [] }
  const pairs: Fields[] = []
  const endAt = end(reader)
  while (reader.pos < endAt) {
    const inner = reader.uint32()
    const field = inner >>> 3
    if ((inner & 7) === 0) numbers[field] = toNumber(reader.int64())
    else if (stringFields.includes(field)) strings[field] = reader.string()
    else if (durationFields.includes(field)) durations[field] = readDuration(reader)
    else if (field === pairField) pairs.push(readPair(reader, end(reader)))
    else reader.skipType(inner & 7)
  }
  const handle = numbers[1] ?? 0
  switch (type) {
    case 'acquired':
      return {
        type,
        requestId: 0,
        handle,
        fencingToken: numbers[2] ?? 0,
        renewAfterMs: durations[3] ?? 0,
        resumed: numbers[4] === 1,
        unconfirmed: numbers[5] === 1,
        leaseDurationMs: durations[6] ?? 0,
      }
    case 'waiting': {
      const [ahead = 0, renewAfterMs = 0] = [numbers[3], durations[4]]
      return { type, requestId: 0, handle, holderIdentity: strings[2] ?? '', ahead, renewAfterMs }
    }
    case 'renewed': {
      const failures = pairs.map(pair => ({ handle: pair.numbers[1] ?? 0, reason: pair.strings[2] ?? '' }))
      return { type, requestId: 0, failures, renewAfterMs: durations[2] ?? 0 }
    }
    case 'released':
      return { type, requestId: 0, handle }
    case 'failed':
      return {
        type,
        requestId: 0,
        reason: strings[1] ?? '',
        message: strings[2] ?? '',
        handle: numbers[3] ?? 0,
        holderIdentity: strings[4] ?? '',
        violations: pairs.map(pair => ({ field: pair.strings[1] ?? '', description: pair.strings[2] ?? '' })),
        retryAfterMs: durations[6] ?? 0,
      }
    case 'lost':
      return { type, handle, cause: (strings[2] ?? 'expired') as LostCause }
    case 'holderChanged': {
      const state = leaseStates[numbers[3] ?? 0] ?? 'LEASE_STATE_UNSPECIFIED'
      return { type, handle, holderIdentity: strings[2] ?? '', state }
    }
    case 'draining':
      return { type, reconnectAfterMs: durations[1] ?? 0 }
  }
}

/** A nested message of a handle or field, and a text. */
function readPair(reader: Reader, endAt: number): Fields {
  const pair: Fields = { numbers: [], strings: [], durations: [] }
  while (reader.pos < endAt) {
    const tag = reader.uint32()
    if ((tag & 7) === 0) pair.numbers[tag >>> 3] = reader.uint32()
    else if ((tag & 7) === 2) pair.strings[tag >>> 3] = reader.string()
    else reader.skipType(tag & 7)
  }
  return pair
}

function writeString(field: number, text: string): void {
  if (text !== '') writer.uint32(delimited(field)).string(text)
}

/** A google.protobuf.Duration. */
function writeDuration(field: number, ms: number): void {
  const seconds = Math.trunc(ms / 1e3)
  const nanos = Math.round((ms - seconds * 1e3) * 1e6)
  writer.uint32(delimited(field)).fork()
  if (seconds !== 0) writer.uint32(varint(1)).int64(seconds)
  if (nanos !== 0) writer.uint32(varint(2)).int32(nanos)
  writer.ldelim()
}

function readDuration(reader: Reader): number {
  const endAt = end(reader)
  let ms = 0
  while (reader.pos < endAt) {
    const tag = reader.uint32()
    if (tag === varint(1)) ms += toNumber(reader.int64()) * 1e3
    else if (tag === varint(2)) ms += reader.int32() / 1e6
    else reader.skipType(tag & 7)
  }
  return ms
}

/** Reads the length of a delimited value; returns where it ends. */
function end(reader: Reader): number {
  const length = reader.uint32()
  const at = reader.pos + length
  if (at > reader.len) throw new RangeError('the message is cut off')
  return at
}

/** protobufjs reads an int64 as a number, or as a Long where that package is installed. */
const toNumber = (value: unknown): number =>
  typeof value === 'number' ? value : (value as { toNumber(): number }).toNumber()
