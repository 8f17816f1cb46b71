import protobuf from 'protobufjs/minimal.js'
import { microTime, secondsTime } from '../../lease/kubernetes-shape.js'
import type { JsonObject } from '../decoding.js'
import { zeroSeconds } from '../times.js'
import type { FieldType, Message } from './messages.js'

type Reader = protobuf.Reader
const { Reader } = protobuf

/** Bytes that are not the message that they should be. */
export class ProtobufError extends Error {}

/**
 * The JSON form of a message: what Kubernetes leaves out of JSON when it is empty is left out.
 * @throws ProtobufError
 */
export function decodeMessage(bytes: Uint8Array, message: Message): JsonObject {
  const found = new Map<string, unknown>()
  const items = new Map<string, unknown[]>()
  const texts = new Map<string, [string, string][]>()
  const names = namesOf(message)
  readFields(Reader.create(bytes), (number, wireType, reader) => {
    const name = names.get(number)
    const field = name === undefined ? undefined : message[name]
    if (name === undefined || field === undefined) return false
    const { type, rule } = field
    if (wireType !== wireTypeOf(type)) throw new ProtobufError(`proto: wrong wireType = ${wireType} for field ${name}`)
    if (type === 'texts') listIn(texts, name).push(readText(reader.bytes()))
    else if (rule === 'list') listIn(items, name).push(readValue(reader, type))
    else found.set(name, readValue(reader, type, rule === 'always'))
    return true
  })
  for (const [name, entries] of texts) found.set(name, Object.fromEntries(entries))
  for (const [name, list] of items) found.set(name, list)
  return Object.fromEntries([...found].filter(([, value]) => value !== undefined))
}

/**
 * Reads all fields.
 * @param take reads the value of one and says so, or leaves it to be skipped.
 * @throws ProtobufError
 */
export function readFields(reader: Reader, take: (number: number, wireType: number, reader: Reader) => boolean): void {
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32()
      if (!take(tag >>> 3, tag & 7, reader)) reader.skipType(tag & 7)
    }
  } catch (error) {
    if (error instanceof ProtobufError || error instanceof TypeError) throw error
    // The reader's own errors are of several kinds: bytes that end too early, a type that there is not.
    throw new ProtobufError(`proto: ${error instanceof Error ? error.message : 'cannot be read'}`)
  }
}

/** @param isAlways an empty text, number or flag is one that is not set. */
function readValue(reader: Reader, type: FieldType, isAlways = false): unknown {
  switch (type) {
    case 'bool':
      return reader.bool() || (isAlways ? undefined : false)
    case 'int32':
      return reader.int32() || (isAlways ? undefined : 0)
    case 'int64':
      // A number, or a Long where that package is installed.
      return Number(reader.int64()) || (isAlways ? undefined : 0)
    case 'string':
      return reader.string() || (isAlways ? undefined : '')
    case 'time':
    case 'microTime':
      return readTimestamp(reader.bytes(), type)
    case 'json':
      return readJson(reader.bytes())
    case 'texts':
      return undefined
    default:
      return decodeMessage(reader.bytes(), type)
  }
}

/** One with nothing in it is no time. */
function readTimestamp(bytes: Uint8Array, type: 'time' | 'microTime'): string | undefined {
  if (bytes.length === 0) return undefined
  let [seconds, nanos] = [0, 0]
  readFields(Reader.create(bytes), (number, wireType, reader) => {
    if (wireType !== varint) return false
    if (number === 1) seconds = Number(reader.int64())
    else if (number === 2) nanos = reader.int32()
    else return false
    return true
  })
  if (seconds === zeroSeconds && nanos === 0) return undefined
  if (type === 'time') return secondsTime(seconds)
  return microTime(BigInt(seconds) * 1_000_000n + BigInt(Math.trunc(nanos / 1e3)))
}

function readJson(bytes: Uint8Array): unknown {
  let json: unknown
  readFields(Reader.create(bytes), (number, wireType, reader) => {
    if (number !== 1 || wireType !== delimited) return false
    json = JSON.parse(reader.string())
    return true
  })
  return json
}

/** One entry of a map. */
function readText(bytes: Uint8Array): [string, string] {
  const { key = '', value = '' } = decodeMessage(bytes, mapEntry)
  return [String(key), String(value)]
}

const mapEntry: Message = {
  key: { number: 1, type: 'string', rule: 'always' },
  value: { number: 2, type: 'string', rule: 'always' },
}

const varint = 0
const delimited = 2

const wireTypeOf = (type: FieldType): number =>
  type === 'bool' || type === 'int32' || type === 'int64' ? varint : delimited

/** The names of a message's fields by their numbers. */
function namesOf(message: Message): ReadonlyMap<number, string> {
  const known = knownNames.get(message) ?? new Map(Object.entries(message).map(([name, { number }]) => [number, name]))
  knownNames.set(message, known)
  return known
}

const knownNames = new WeakMap<Message, ReadonlyMap<number, string>>()

function listIn<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? []
  lists.set(name, list)
  return list
}
