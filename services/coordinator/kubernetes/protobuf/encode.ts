import protobuf from 'protobufjs/minimal.js'
import { isObject, type JsonObject } from '../decoding.js'
import { parseMicroTime, parseTime } from '../times.js'
import type { Field, FieldType, Message } from './messages.js'

type Writer = protobuf.Writer
const { Writer } = protobuf

/** The bytes of an object's JSON form; what the message has no field for is left out. */
export function encodeMessage(object: JsonObject, message: Message): Uint8Array {
  const writer = Writer.create()
  writeMessage(writer, object, message)
  return writer.finish()
}

function writeMessage(writer: Writer, object: JsonObject, message: Message): void {
  for (const name of Object.keys(message)) {
    const field = message[name]
    if (field !== undefined) writeField(writer, field, Object.hasOwn(object, name) ? object[name] : undefined)
  }
}

function writeField(writer: Writer, { number, type, rule }: Field, value: unknown): void {
  if (rule === 'list') {
    for (const item of Array.isArray(value) ? value : []) writeValue(writer, number, type, item)
  } else if (type === 'texts') {
    // Sorted, as Kubernetes writes them.
    const texts = isObject(value) ? value : {}
    for (const key of Object.keys(texts).sort()) writeText(writer, number, key, String(texts[key]))
  } else if (rule === 'always' || (value !== undefined && value !== null)) {
    writeValue(writer, number, type, value)
  }
}

function writeValue(writer: Writer, number: number, type: FieldType, value: unknown): void {
  const [varint, delimited] = [number << 3, (number << 3) | 2]
  switch (type) {
    case 'bool':
      writer.uint32(varint).bool(value === true)
      break
    case 'int32':
      writer.uint32(varint).int32(Number(value ?? 0))
      break
    case 'int64':
      writer.uint32(varint).int64(Number(value ?? 0))
      break
    case 'string':
      writer.uint32(delimited).string(String(value ?? ''))
      break
    case 'time':
      writer.uint32(delimited).fork()
      writeTimestamp(writer, microsOf(parseTime(String(value ?? zeroTime))))
      writer.ldelim()
      break
    case 'microTime':
      writer.uint32(delimited).fork()
      writeTimestamp(writer, microsOf(value === undefined ? undefined : parseMicroTime(String(value)), 1n))
      writer.ldelim()
      break
    case 'json':
      writer
        .uint32(delimited)
        .fork()
        .uint32((1 << 3) | 2)
        .string(JSON.stringify(value))
        .ldelim()
      break
    case 'texts':
      break
    default:
      writer.uint32(delimited).fork()
      writeMessage(writer, isObject(value) ? value : {}, type)
      writer.ldelim()
  }
}

/** One entry of a map: a message of its own. */
function writeText(writer: Writer, number: number, key: string, value: string): void {
  writer.uint32((number << 3) | 2).fork()
  writer
    .uint32((1 << 3) | 2)
    .string(key)
    .uint32((2 << 3) | 2)
    .string(value)
  writer.ldelim()
}

/** Reads as no time. */
const zeroTime = '0001-01-01T00:00:00Z'

const microsOf = (time: number | bigint | undefined, unitMicros = 1_000_000n): bigint | undefined =>
  time === undefined ? undefined : BigInt(time) * unitMicros

/** Nothing at all where no time is set. */
function writeTimestamp(writer: Writer, micros: bigint | undefined): void {
  if (micros === undefined) return
  const intoSecond = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  writer.uint32(1 << 3).int64(Number((micros - intoSecond) / 1_000_000n))
  writer.uint32(2 << 3).int32(Number(intoSecond) * 1_000)
}
