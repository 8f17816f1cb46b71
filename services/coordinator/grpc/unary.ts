/** What all calls of a service share: how a request is read, and how an error is answered. */
import type { handleUnaryCall, MethodDefinition, ServerUnaryCall, ServiceDefinition } from '@grpc/grpc-js'
import { invalidRequest, LeaseError } from '../lease/errors.js'
import { type ErrorLog, statusFor } from './status-details.js'

/** Requests are small; larger ones are told so. Beyond what the transport takes, 4 MiB, it refuses them itself. */
export const maxRequestBytes = 1024 * 1024

/**
 * The definition with requests that cannot be read, or are too large, turned into an error that `requestOf` throws:
 * grpc-js would call them a fault of the server.
 */
export function withCheckedRequests<Definition extends ServiceDefinition>(definition: Definition): Definition {
  const methods = Object.entries(definition).map(([name, method]) => [name, withCheckedRequest(method)])
  // The same methods under the same names.
  return Object.fromEntries(methods) as Definition
}

function withCheckedRequest(method: MethodDefinition<object, object>): MethodDefinition<object, object> {
  return {
    ...method,
    requestDeserialize: bytes => {
      if (bytes.byteLength > maxRequestBytes) {
        const description = `Too long: may not be more than ${maxRequestBytes} bytes, and is ${bytes.byteLength}`
        return invalidRequest([{ field: '', description }])
      }
      try {
        return method.requestDeserialize(bytes)
      } catch {
        return invalidRequest([{ field: '', description: `Invalid value: is no message for ${method.path}` }])
      }
    },
  }
}

/** @throws LeaseError INVALID_REQUEST when the request could not be read. */
export function requestOf<Request>(call: { readonly request: Request | LeaseError }): Request {
  if (call.request instanceof LeaseError) throw call.request
  return call.request
}

/** A handler of a unary call: what `answer` throws becomes the status. A caller that has hung up hears nothing. */
export function unary<Request, Response>(
  log: ErrorLog,
  answer: (request: Request, call: ServerUnaryCall<Request, Response>) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return async (call, callback) => {
    try {
      callback(null, await answer(requestOf(call), call))
    } catch (error) {
      callback(statusFor(error, log, call.getPath()))
    }
  }
}
