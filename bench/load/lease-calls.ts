/**
 * AcquireLease and ReleaseLease by hand, like the messages of etcd beside which they are measured. Fields as in
 * lease_service.proto.
 */
import type { Client } from '@grpc/grpc-js'
import protobuf from 'protobufjs/minimal.js'
import { unary } from './unary.js'

const { Reader, Writer } = protobuf

const namespace = 'bench'

/** Acquires a lease for so many seconds; returns its fencing token. */
export async function acquireLease(client: Client, name: string, holder: string, seconds: number): Promise<number> {
  const request = Writer.create().uint32(10).string(namespace).uint32(18).string(name).uint32(26).string(holder)
  request.uint32(34).fork().uint32(8).int64(seconds).ldelim()
  return fencingToken(await unary(client, '/leasehold.v1.LeaseService/AcquireLease', request.finish()))
}

export async function releaseLease(client: Client, name: string, fencingToken: number): Promise<void> {
  const request = Writer.create().uint32(10).string(namespace).uint32(18).string(name).uint32(24).int64(fencingToken)
  await unary(client, '/leasehold.v1.LeaseService/ReleaseLease', request.finish())
}

/** The token in the lease that is the first field of an answer. */
function fencingToken(bytes: Buffer): number {
  const reader = Reader.create(bytes)
  reader.uint32()
  reader.uint32()
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag === 32) return Number(reader.int64())
    else reader.skipType(tag & 7)
  }
  throw new Error('the lease has no fencing token')
}
