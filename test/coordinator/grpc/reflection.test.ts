import test from 'ava'
import descriptor, {
  type IDescriptorProto,
  type IFieldDescriptorProto,
  type IFileDescriptorProto,
} from 'protobufjs/ext/descriptor/index.js'
import { reflectionDefinition } from '../../../services/coordinator/grpc/reflection.js'

const files = Object.values(reflectionDefinition())
  .flatMap(({ fileDescriptorProtos }) => (Array.isArray(fileDescriptorProtos) ? fileDescriptorProtos : []))
  .map(bytes => descriptor.FileDescriptorProto.decode(bytes) as IFileDescriptorProto)

const messagesOf = (file: IFileDescriptorProto): IDescriptorProto[] => file.messageType ?? []
const fieldsOf = (file: IFileDescriptorProto): IFieldDescriptorProto[] =>
  messagesOf(file).flatMap(({ field }) => field ?? [])

test('reflection tells every service that there is', t => {
  const services = files.flatMap(file => (file.service ?? []).map(({ name }) => `${file.package}.${name}`))
  t.deepEqual(services.sort(), ['grpc.health.v1.Health', 'leasehold.v1.LeaseService', 'leasehold.v1.SessionService'])
})

test('every file imports what it uses, from where everybody expects it', t => {
  const names = files.map(({ name }) => name)
  for (const file of files)
    t.deepEqual(
      file.dependency?.filter((name: string) => !names.includes(name)),
      [],
      file.name,
    )
  const contract = files.find(file => file.package === 'leasehold.v1')
  t.deepEqual([...(contract?.dependency ?? [])].sort(), [
    'google/protobuf/duration.proto',
    'google/protobuf/field_mask.proto',
    'google/protobuf/timestamp.proto',
  ])
})

test('fields have the names of the protos, and in JSON those of JSON', t => {
  for (const { name = '', jsonName } of files.flatMap(fieldsOf)) {
    t.regex(name, /^[a-z0-9_]+$/)
    t.is(
      jsonName,
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    )
  }
})

test('a map is told as the entries that protoc makes of it', t => {
  const messages = files.flatMap(messagesOf)
  const metadata = messages.find(({ name }) => name === 'ObjectMeta')
  t.deepEqual(metadata?.nestedType?.map(({ name }) => name).sort(), ['AnnotationsEntry', 'LabelsEntry'])
  t.is(metadata?.field?.find(({ name }) => name === 'labels')?.typeName, 'LabelsEntry')
})
