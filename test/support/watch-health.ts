import { type ClientReadableStream, credentials, makeClientConstructor } from '@grpc/grpc-js'
import { service } from 'grpc-health-check'

/** What a client of grpc.health.v1.Health is told, in order, as `SERVING` or `NOT_SERVING`. */
export function watchHealth(address: string): { readonly statuses: readonly string[]; close(): void } {
  const client = new (makeClientConstructor(service as Parameters<typeof makeClientConstructor>[0], 'Health'))(
    address,
    credentials.createInsecure(),
  )
  const statuses: string[] = []
  const call: ClientReadableStream<{ status: string }> = client.watch?.({ service: '' })
  call.on('data', ({ status }) => statuses.push(status))
  call.on('error', () => {})
  return {
    statuses,
    close() {
      call.cancel()
      client.close()
    },
  }
}
