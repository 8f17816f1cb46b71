/** What a client says on a connection: a message of its Hold stream, or a call. The bytes are those of the real codecs. */
export type Up =
  | { readonly type: 'hold'; readonly bytes: Uint8Array }
  | { readonly type: 'call'; readonly method: string; readonly bytes: Uint8Array }
  /** An item was read: the stream may go on. */
  | { readonly type: 'taken' }

/** What the coordinator says. */
export type Down =
  | { readonly type: 'hold'; readonly bytes: Uint8Array }
  | { readonly type: 'answer'; readonly bytes: Uint8Array }
  /** One message of a server stream. */
  | { readonly type: 'item'; readonly bytes: Uint8Array }
  | {
      readonly type: 'refusal'
      readonly status: string
      readonly text: string
      readonly details: Uint8Array | undefined
    }
