export type Kind = 'gone' | 'busy' | 'key' | 'refused'

/// Why there is no answer. What is 'gone' or 'busy' is worth another try.
export class Failure extends Error {
  constructor(
    readonly kind: Kind,
    message: string,
    readonly status = 0,
  ) {
    super(message)
  }
}
