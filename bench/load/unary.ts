import type { Client } from '@grpc/grpc-js'

/** The bytes as a Buffer without a copy; grpc-js takes nothing else. */
export const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)

/** One unary call, of messages that are encoded already. */
export function unary(client: Client, path: string, request: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      asBuffer(request),
      (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error)),
    )
  })
}
