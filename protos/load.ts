import { fileURLToPath } from 'node:url'
import { type GrpcObject, loadPackageDefinition } from '@grpc/grpc-js'
import { loadSync, type Options, type PackageDefinition } from '@grpc/proto-loader'

/** Where the .proto files are: beside this file, in the source tree and in what ships. */
export const protoRoot = fileURLToPath(new URL('.', import.meta.url))

/** How messages look in the code; the generated types are made with the same options. */
export const loaderOptions: Options = {
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
  includeDirs: [protoRoot],
}

/** The contract, as grpc-js wants it. */
export const packageDefinition: PackageDefinition = loadSync(
  ['leasehold/v1/lease_service.proto', 'leasehold/v1/session_service.proto'],
  loaderOptions,
)

export const grpcObject: GrpcObject = loadPackageDefinition(packageDefinition)

/** The path of the Hold method, whose messages have a codec of their own. */
export const holdPath = '/leasehold.v1.SessionService/Hold'
