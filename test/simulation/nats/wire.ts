import type { ApiError, MsgHdrs } from 'nats'

/** What is asked of JetStream's API. */
export type ApiRequest =
  | { readonly type: 'account' }
  | { readonly type: 'info' }
  | { readonly type: 'add'; readonly subjects: readonly string[]; readonly duplicateWindowMs: number }
  | { readonly type: 'update'; readonly subjects: readonly string[] }
  | { readonly type: 'get'; readonly sequence: number }

/** How a stream stands. */
export interface StreamStanding {
  readonly createdMs: number
  readonly subjects: readonly string[]
  readonly firstSequence: number
  readonly lastSequence: number
  readonly messages: number
}

export interface NatsMessage {
  readonly subject: string
  readonly data: string
  readonly headers: MsgHdrs | undefined
}

/** What a client says to NATS. */
export type NatsUp =
  | {
      readonly type: 'publish'
      readonly message: NatsMessage
      readonly reply: string | undefined
      /** Where it was to be read when it was sent. */
      readonly place: object
    }
  | { readonly type: 'request'; readonly id: number; readonly request: ApiRequest }
  | { readonly type: 'ping' }

export type ApiAnswer =
  | { readonly type: 'standing'; readonly standing: StreamStanding }
  | { readonly type: 'message'; readonly message: NatsMessage }
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly error: ApiError }
  /** Nobody listens on the subject of the API. */
  | { readonly type: 'nobody' }

/** What NATS says to a client. */
export type NatsDown =
  | { readonly type: 'hello'; readonly hasJetStream: boolean; readonly maxPayload: number }
  | { readonly type: 'message'; readonly message: NatsMessage }
  | { readonly type: 'answer'; readonly id: number; readonly answer: ApiAnswer }
  | { readonly type: 'pong' }
