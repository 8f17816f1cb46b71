import { Client, credentials, status } from '@grpc/grpc-js'
import { service } from 'grpc-health-check'
import { TransportError } from '../../client/transport.js'

const boundMs = 5_000

/**
 * Asks grpc.health.v1 about the server as a whole.
 *
 * @param nowMs milliseconds since the Unix epoch.
 * @throws TransportError when there is no answer.
 */
export function checkHealth(address: string, nowMs: number): Promise<string> {
  const { Check } = service
  if (Check === undefined) throw new Error('grpc.health.v1 has no Check')
  const client = new Client(address, credentials.createInsecure())
  return new Promise<string>((resolve, reject) => {
    client.makeUnaryRequest(
      Check.path,
      Check.requestSerialize,
      Check.responseDeserialize,
      { service: '' },
      { deadline: nowMs + boundMs },
      (error, response) => {
        if (error) reject(new TransportError(status[error.code] ?? 'UNKNOWN', error.details))
        // The loader's options make an enum's name of it.
        else resolve((response as { status: string }).status)
      },
    )
  }).finally(() => client.close())
}
