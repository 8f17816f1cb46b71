/**
 * What server reflection tells: the contract as its files have it. proto-loader merges files by package and leaves out
 * what they import, so that strict readers (grpcurl) refuse what it makes; here the imports come back, the names of
 * fields and of map entries are those that protoc gives, and each of Google's types is in the file where everybody expects it.
 */
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'
import { protoPath as healthProto } from 'grpc-health-check'
import descriptor, { type IDescriptorProto, type IFileDescriptorProto } from 'protobufjs/ext/descriptor/index.js'
import { loaderOptions } from '../../../protos/load.js'

const { FileDescriptorProto } = descriptor

const googlePackage = 'google.protobuf'

/** The definition for `ReflectionService`: LeaseService, SessionService and the health service. */
export function reflectionDefinition(): PackageDefinition {
  const contract = ['leasehold/v1/lease_service.proto', 'leasehold/v1/session_service.proto', healthProto]
  const merged = loadSync(contract, { ...loaderOptions, keepCase: true })
  const files = Object.values(merged)
    .flatMap(({ fileDescriptorProtos }) => (Array.isArray(fileDescriptorProtos) ? fileDescriptorProtos : []))
    .map(bytes => FileDescriptorProto.toObject(FileDescriptorProto.decode(bytes)) as IFileDescriptorProto)
  const byName = new Map(files.flatMap(inItsOwnFile).map(file => [file.name ?? '', corrected(file)]))
  const fileDescriptorProtos = [...byName.values()].map(file => {
    return Buffer.from(FileDescriptorProto.encode(FileDescriptorProto.fromObject(file)).finish())
  })
  // ReflectionService looks at nothing else of a definition.
  return { reflection: { fileDescriptorProtos } } as unknown as PackageDefinition
}

/** Splits Google's types into the files that they come from, as `google/protobuf/field_mask.proto`. */
function inItsOwnFile(file: IFileDescriptorProto): IFileDescriptorProto[] {
  if (file.package !== googlePackage) return [file]
  return (file.messageType ?? []).map(message => ({ ...file, name: googleFile(message.name), messageType: [message] }))
}

const googleFile = (type = ''): string =>
  `google/protobuf/${type.replace(/(?<=.)[A-Z]/g, letter => `_${letter}`).toLowerCase()}.proto`

/** The file with its imports: Google's types are all that a file of ours uses and does not have. */
function corrected(file: IFileDescriptorProto): IFileDescriptorProto {
  const names = (file.messageType ?? []).flatMap(({ field = [] }) => field.map(({ typeName = '' }) => typeName))
  const used = names.filter(name => name.startsWith(`${googlePackage}.`)).map(name => name.split('.').at(-1))
  const messageType = (file.messageType ?? []).map(withNames)
  return { ...file, dependency: [...new Set(used.map(googleFile))], messageType }
}

/**
 * The names that protoc would give: `fencing_token` is `fencingToken` in JSON, and the entries of a map `labels` are of
 * the type `LabelsEntry`.
 */
function withNames(message: IDescriptorProto): IDescriptorProto {
  const entries = (message.nestedType ?? []).filter(({ options }) => options?.mapEntry).map(({ name }) => name)
  const named = (type = ''): string => (entries.includes(type) ? `${camelCase(type)}Entry` : type)
  return {
    ...message,
    field: (message.field ?? []).map(field => ({
      ...field,
      jsonName: camelCase(field.name ?? ''),
      ...(field.typeName && { typeName: named(field.typeName) }),
    })),
    nestedType: (message.nestedType ?? []).map(type => withNames({ ...type, name: named(type.name) })),
  }
}

const camelCase = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
