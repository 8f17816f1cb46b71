/**
 * Objects in Kubernetes' protobuf: four bytes that say so, an envelope with the kind, and the message of that kind.
 * @see Kubernetes apimachinery, pkg/runtime/serializer/protobuf
 */
import protobuf from 'protobufjs/minimal.js'
import type { JsonObject } from '../decoding.js'
import { decodeMessage, ProtobufError, readFields } from './decode.js'
import { encodeMessage } from './encode.js'
import { envelope, messageOf, typeMeta } from './messages.js'

export { ProtobufError } from './decode.js'

const { Reader, Writer } = protobuf

const magic = Buffer.from('k8s\0')

/**
 * The JSON form of an object. One of a kind that is not known here has nothing but its kind.
 * @throws ProtobufError
 */
export function objectOfProtobuf(bytes: Buffer): JsonObject {
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    throw new ProtobufError(`provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]`)
  }
  let type: JsonObject = {}
  let raw: Uint8Array = Buffer.alloc(0)
  readFields(Reader.create(bytes.subarray(magic.length)), (number, _, reader) => {
    if (number === envelope.typeMeta) type = decodeMessage(reader.bytes(), typeMeta)
    else if (number === envelope.raw) raw = reader.bytes()
    else return false
    return true
  })
  const { apiVersion = 'coordination.k8s.io/v1', kind = 'Lease' } = type
  const message = messageOf(String(apiVersion), String(kind))
  return { kind, apiVersion, ...(message && decodeMessage(raw, message)) }
}

/** An object of a kind that has a message. */
export const protobufOf = (object: JsonObject): Buffer => protobufEnvelope(object, protobufMessageOf(object))

/** The message of an object, without its envelope. */
export function protobufMessageOf(object: JsonObject): Uint8Array {
  const { apiVersion, kind } = object
  const message = messageOf(String(apiVersion), String(kind))
  if (message === undefined) throw new Error(`${apiVersion} ${kind} has no message`)
  return encodeMessage(object, message)
}

/** A message in the envelope that says what it is. */
export function protobufEnvelope({ apiVersion, kind }: JsonObject, message: Uint8Array): Buffer {
  const writer = Writer.create()
  writer.uint32((envelope.typeMeta << 3) | 2).bytes(encodeMessage({ apiVersion, kind }, typeMeta))
  writer.uint32((envelope.raw << 3) | 2).bytes(message)
  writer.uint32((envelope.contentEncoding << 3) | 2).string('')
  writer.uint32((envelope.contentType << 3) | 2).string('')
  return Buffer.concat([magic, writer.finish()])
}
