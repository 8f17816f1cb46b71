import { type Metadata, status } from '@grpc/grpc-js'
import { packageDefinition } from '../../protos/load.js'
import { statusDetailsKey } from '../../protos/status-details.js'
import { isKubernetesMethod, kubernetesCodec } from './kubernetes-calls.js'
import type { Down } from './wire.js'

/** What of a method the network needs. */
interface Codecs {
  readonly path: string
  requestSerialize(request: object): Buffer
  requestDeserialize(bytes: Buffer): object
  responseSerialize(response: object): Buffer
  responseDeserialize(bytes: Buffer): object
}

/** A method of LeaseService, or one of Kubernetes clients, with its codecs. */
export function methodOf(name: string): Codecs {
  if (isKubernetesMethod(name)) return { path: name, ...kubernetesCodec }
  const service = packageDefinition['leasehold.v1.LeaseService']
  const method = service !== undefined && !('format' in service) ? service[name] : undefined
  if (method === undefined) throw new TypeError(`LeaseService has no ${name}`)
  return method
}

/** How a call or a stream that failed tells so. */
export function refusalOf(error: { code?: status; details?: string; metadata?: Metadata }): Down {
  const [details] = error.metadata?.get(statusDetailsKey) ?? []
  return {
    type: 'refusal',
    status: status[error.code ?? status.UNKNOWN] ?? 'UNKNOWN',
    text: error.details ?? '',
    details: details instanceof Uint8Array ? details : undefined,
  }
}
